"""Prove a deployed stage from pull to report, through its public API and Athena, as an admin would."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import boto3

from infra.operate.stage import OperateError, Stage

PATIENCE_SECONDS = 600
LOOK_AGAIN = 5  # seconds between two counts, each of which is a query
# Expressions on which engines like to differ, with Athena's answer as text.
SAME_EVERYWHERE = {
    "7 / 2": "3",
    "-7 % 3": "-1",
    "date_diff('month', date '2024-01-31', date '2024-02-28')": "0",
    "split_part('a,b', ',', 3)": None,
    "substr('hub', -2)": "ub",
    "cast(round(2.5e0) as integer)": "3",
    "concat('a', 'b')": "ab",
    "coalesce(nullif('x', 'x'), 'y')": "y",
    "cast(cast('12.345' as decimal(10, 3)) as varchar)": "12.345",
}


@dataclass
class Api:
    """The public API as one signed-in person."""

    url: str
    token: str | None = field(default=None, repr=False)

    def call(self, method: str, path: str, body: object = None) -> Any:
        """The answer's JSON; OperateError with the API's own words for any status of 400 or more."""
        headers = {"content-type": "application/json", "origin": self.url}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise OperateError(
                f"{method} {path}: {error.code} {error.read()[:500].decode(errors='replace')}"
            ) from error
        except urllib.error.URLError as error:
            raise OperateError(f"{self.url} does not answer: {error.reason}") from error

    def sign_in(self, username: str, password: str) -> None:
        answer = self.call("POST", "/v1/session", {"username": username, "password": password})
        if "access_token" not in answer:
            raise OperateError(f"{username} must first answer the challenge {answer.get('challenge')!r} in the console")
        self.token = answer["access_token"]


def smoke(
    stage: Stage, username: str, password: str, say: Callable[[str], None], patience: float = PATIENCE_SECONDS
) -> None:
    """Pull one data set, wait for a release that holds it, count customers by the API and by Athena; say each step."""
    api = Api(stage.settings["PUBLIC_URL"].rstrip("/"))
    api.call("GET", "/v1/health")
    say(f"{api.url} answers")
    api.sign_in(username, password)
    say(f"{username} is signed in")
    pull = _pull(api, patience)
    say(f"pull {pull['pull_id']} is complete and balances: {pull['received']} rows")
    release = _wait("a release", lambda: api.call("GET", "/v1/tables")["release"], patience)
    say(f"release {release if isinstance(release, str) else release.get('release_id')} is out")
    end, customers = time.monotonic() + patience, _counted(stage, api, patience)
    while customers == "0":  # the first release of a young stage may come before its customers
        if time.monotonic() > end:
            raise OperateError("the release has no customer at all: look at the pulls and the run on the console")
        time.sleep(LOOK_AGAIN)
        customers = _counted(stage, api, patience)
    say(f"the report and Athena count {customers} customers")
    answers = _athena(stage, "select " + ", ".join(f"cast({e} as varchar)" for e in SAME_EVERYWHERE), patience)
    for (expression, wanted), found in zip(SAME_EVERYWHERE.items(), answers, strict=True):
        if found != wanted:
            raise OperateError(f"Athena's {expression} is {found!r}, not {wanted!r}: the SQL text is not the same here")
    say(f"{len(SAME_EVERYWHERE)} expressions mean what they mean elsewhere")


def _wait(what: str, ask: Callable[[], Any], patience: float) -> Any:
    """Ask until the answer is true; OperateError after `patience` seconds."""
    end = time.monotonic() + patience
    while not (answer := ask()):
        if time.monotonic() > end:
            raise OperateError(f"{what} did not come within {patience:.0f} seconds")
        time.sleep(1)
    return answer


def _pull(api: Api, patience: float) -> dict[str, Any]:
    """Start a pull of the first data set that is not paused and wait for its end."""
    sources = api.call("GET", "/v1/sources")["items"]
    ready = [(s["name"], d["name"]) for s in sources for d in s["data_sets"] if not d.get("paused")]
    if not ready:
        raise OperateError("every data set is paused; resume one for the smoke test")
    source, data_set = ready[0]
    path = f"/v1/pulls?source={source}&data_set={data_set}&limit=1"

    def newest() -> dict[str, Any]:
        found: list[dict[str, Any]] = api.call("GET", path)["items"]
        return found[0] if found else {"pull_seq": 0, "state": None}

    before = newest()["pull_seq"]
    api.call("POST", "/v1/pulls", {"source": source, "data_set": data_set})

    def ended() -> dict[str, Any] | None:
        pull = newest()
        return pull if pull["pull_seq"] > before and pull["state"] != "running" else None

    pull = _wait(f"the end of a pull of {source}.{data_set}", ended, patience)
    if pull["state"] != "complete" or not pull["balanced"]:
        raise OperateError(f"pull {pull['pull_id']} is {pull['state']}: {pull.get('error') or pull.get('reason')}")
    return dict(pull)


def _report(api: Api, sql: str, patience: float) -> str:
    """Run SQL as a report; the first value of its first row, as text."""
    started = api.call("POST", "/v1/results", {"sql": sql})

    def ended() -> dict[str, Any] | None:
        result: dict[str, Any] = api.call("GET", f"/v1/results/{started['id']}")
        return result if result["state"] not in {"queued", "running"} else None

    result = _wait("the report's result", ended, patience)
    if result["state"] != "succeeded":
        raise OperateError(f"the report is {result['state']}: {result.get('error')}")
    row = api.call("GET", f"/v1/results/{started['id']}/rows")["items"][0]
    return str(next(iter(row.values())) if isinstance(row, dict) else row[0])


def _counted(stage: Stage, api: Api, patience: float) -> str:
    """How many customers there are, by the report and by Athena's live table, which a run may just be changing."""
    live = f'select count(*) from "{stage.name}_reporting"."customer" where not _deleted'
    end = time.monotonic() + patience
    while True:
        counted = _report(api, "select count(*) as customers from reporting.customer", patience)
        direct = _athena(stage, live, patience)[0]
        if direct == counted:
            return counted
        if time.monotonic() > end:
            raise OperateError(f"the report counts {counted} customers but Athena's live table has {direct}")
        time.sleep(1)


def _athena(stage: Stage, sql: str, patience: float) -> list[str | None]:
    """The one row that a statement gives on Athena itself, as text."""
    athena = boto3.client("athena")
    query = athena.start_query_execution(QueryString=sql, WorkGroup=stage.settings["TRANSFORM_WORKGROUP"])[
        "QueryExecutionId"
    ]

    def ended() -> dict[str, Any] | None:
        status = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
        return status if status["State"] not in {"QUEUED", "RUNNING"} else None

    status = _wait("Athena's answer", ended, patience)
    if status["State"] != "SUCCEEDED":
        raise OperateError(f"Athena refuses {sql!r}: {status.get('StateChangeReason')}")
    row = athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"][1]["Data"]
    return [cell.get("VarCharValue") for cell in row]
