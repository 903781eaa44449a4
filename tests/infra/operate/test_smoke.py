"""The smoke test against an API of our own: what it asks, and that it fails where a hub would be broken."""

import copy
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from infra.operate import smoke as module
from infra.operate.stage import OperateError, Stage

NEWEST = "GET /v1/pulls?source=crm&data_set=activities&limit=1"
PULL = {"pull_id": "crm.activities.00000002", "pull_seq": 2, "state": "complete", "balanced": True, "received": 7}
BEFORE = {"items": []}
HEALTHY = {
    "GET /v1/health": {"status": "ok"},
    "POST /v1/session": {"access_token": "token", "expires_in": 900},
    "GET /v1/sources": {
        "items": [
            {
                "name": "crm",
                "data_sets": [{"name": "contacts", "paused": True}, {"name": "activities", "paused": False}],
            },
        ],
        "next": None,
    },
    "POST /v1/pulls": {"source": "crm", "data_set": "activities", "state": "queued"},
    NEWEST: [
        {"items": [{"pull_id": "crm.activities.00000001", "pull_seq": 1, "state": "complete", "balanced": True}]},
        {"items": [PULL]},
    ],
    "GET /v1/tables": {"release": "r20260101T000000abcd", "tables": []},
    "POST /v1/results": {"id": "q1", "state": "running"},
    "GET /v1/results/q1": {"id": "q1", "state": "succeeded"},
    "GET /v1/results/q1/rows": {"items": [["93"]], "next": None},
}


@pytest.fixture
def hub(monkeypatch):
    """A hub whose answers a test may change; what Athena says is `athena`, a list of rows."""
    answers, asked, athena = copy.deepcopy(HEALTHY), [], [["93"], list(module.SAME_EVERYWHERE.values())]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            size = int(self.headers.get("content-length") or 0)
            asked.append((self.command, self.path, self.headers.get("authorization"), self.rfile.read(size)))
            answer = answers.get(f"{self.command} {self.path}")
            answer = answer.pop(0) if isinstance(answer, list) else answer
            body = json.dumps(answer if answer is not None else {"error": {"code": "not_found"}}).encode()
            self.send_response(404 if answer is None else 200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    stage = Stage("test")
    stage.__dict__["settings"] = {"PUBLIC_URL": f"http://127.0.0.1:{server.server_port}", "TRANSFORM_WORKGROUP": "t"}
    monkeypatch.setattr(module, "_athena", lambda *_: athena.pop(0))
    yield stage, answers, asked, athena
    server.shutdown()
    server.server_close()
    thread.join()


def run(stage) -> list[str]:
    said: list[str] = []
    module.smoke(stage, "admin", "secret", said.append, patience=0)
    return said


def test_a_healthy_hub(hub):
    stage, _, asked, _ = hub
    said = run(stage)
    assert said[-2:] == [
        "the report and Athena count 93 customers",
        f"{len(module.SAME_EVERYWHERE)} expressions mean what they mean elsewhere",
    ]
    pulls = [json.loads(body) for method, path, _, body in asked if (method, path) == ("POST", "/v1/pulls")]
    assert pulls == [{"source": "crm", "data_set": "activities"}], "the paused data set is left alone"
    assert {token for method, path, token, _ in asked if path not in {"/v1/health", "/v1/session"}} == {"Bearer token"}
    assert "secret" not in "".join(said)


@pytest.mark.parametrize(
    ("call", "answer", "complaint"),
    [
        ("GET /v1/health", None, "GET /v1/health: 404"),
        ("POST /v1/session", {"challenge": "new_password", "session": "s"}, "challenge 'new_password'"),
        ("GET /v1/sources", {"items": [], "next": None}, "every data set is paused"),
        (
            NEWEST,
            [BEFORE, {"items": [{**PULL, "state": "failed", "error": "401 from the source"}]}],
            "is failed: 401 from the source",
        ),
        (NEWEST, [BEFORE, {"items": [{**PULL, "balanced": False, "reason": "2 rows missing"}]}], "2 rows missing"),
        (NEWEST, [BEFORE, {"items": [{**PULL, "state": "running"}]}], "did not come within 0 seconds"),
        (NEWEST, [{"items": [PULL]}, {"items": [PULL]}], "did not come within 0 seconds"),
        ("GET /v1/tables", {"release": None, "tables": []}, "a release did not come"),
        ("GET /v1/results/q1", {"id": "q1", "state": "failed", "error": "line 1:8"}, "line 1:8"),
        ("GET /v1/results/q1/rows", {"items": [["92"]], "next": None}, "92 customers but Athena's live table has 93"),
    ],
)
def test_a_broken_hub(hub, call, answer, complaint):
    stage, answers, _, _ = hub
    answers[call] = answer
    with pytest.raises(OperateError, match=complaint):
        run(stage)


def test_a_hub_without_customers(hub):
    stage, answers, _, athena = hub
    answers["GET /v1/results/q1/rows"], athena[0] = {"items": [["0"]], "next": None}, ["0"]
    with pytest.raises(OperateError, match="no customer at all"):
        run(stage)


def test_a_young_stage_whose_first_release_came_before_its_customers(hub, monkeypatch):
    stage, answers, _, athena = hub
    monkeypatch.setattr(module, "LOOK_AGAIN", 0)
    answers["POST /v1/results"] = [answers["POST /v1/results"]] * 2
    answers["GET /v1/results/q1"] = [answers["GET /v1/results/q1"]] * 2
    answers["GET /v1/results/q1/rows"] = [{"items": [["0"]], "next": None}, answers["GET /v1/results/q1/rows"]]
    athena.insert(0, ["0"])
    module.smoke(stage, "admin", "secret", lambda line: None, patience=60)
    assert not answers["GET /v1/results/q1/rows"], "both counts were asked for"


def test_an_engine_that_means_something_else(hub):
    stage, _, _, athena = hub
    athena[1] = ["3.5", *athena[1][1:]]
    with pytest.raises(OperateError, match=r"Athena's 7 / 2 is '3\.5', not '3'"):
        run(stage)
