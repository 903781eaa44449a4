"""docs/tutorial.md, followed to the letter: its files, its commands, what it says one will see.

The same laptop shows what docs/reference/access.md says of an application that calls the API by itself.
"""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from infra.local.laptop import ROOT
from tests.e2e.harness import Running, new_laptop, wait_until

PYTHONPATH = f"{ROOT}:{ROOT / 'layers/hub/python'}"  # as the Makefile has it
BLOCK = re.compile(r"^```\w+ file=(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *parts: object) -> None:
        pass


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the demo's folder with the tutorial's files in it; what is not a part of it lies beside."""
    folder = tmp_path_factory.mktemp("tutorial") / "mine"
    shutil.copytree(ROOT / "deployments/demo", folder)
    text = (ROOT / "docs/tutorial.md").read_text()
    for name, content in BLOCK.findall(text):
        target = folder / name if "/" in name else folder.parent / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)
    return folder


@pytest.fixture(scope="module")
def laptop(mine: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    api = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(mine.parent)))
    threading.Thread(target=api.serve_forever, daemon=True).start()
    loyalty = mine / "sources/loyalty.yaml"
    loyalty.write_text(loyalty.read_text().replace(":4580", f":{api.server_port}"))
    with (mine / "hub.yaml").open("a") as hub:
        hub.write("\nclients:\n  shelf:\n    scopes: [pulls.read]\n    quota: {per_minute: 1, burst: 2}\n")
    one = Running(new_laptop(tmp_path_factory.mktemp("laptop"), hub=mine))
    one.start()
    try:
        one.wait_for_line("is out", 900)
        yield one
    finally:
        if one.process is not None and one.process.poll() is None:
            one.stop()
        api.shutdown()
        api.server_close()


def test_what_the_tutorial_says_one_will_see(laptop: Running, mine: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "infra.operate", "drop", "club", str(mine.parent / "members-1.csv")],
        cwd=ROOT,
        env=os.environ | laptop.laptop.aws | {"HUB": str(mine), "STAGE": "local", "PYTHONPATH": PYTHONPATH},
        check=True,
    )
    for source, data_set in (("club", "members"), ("loyalty", "accounts")):
        laptop.ask("admin", "POST", "/v1/pulls", {"source": source, "data_set": data_set}, status=202)

    def arrived() -> list[dict]:
        found = laptop.ask("admin", "GET", "/v1/pulls?source=club")["items"]
        return [pull for pull in found if pull["state"] == "complete" and pull["received"] == 3]

    (pull, *_) = wait_until(arrived, 90, "the club's pull")
    assert (pull["staged"], pull["quarantined"], pull["balanced"]) == (2, 1, True)
    rejected = laptop.ask("data_engineer", "GET", f"/v1/quarantine?pull_id={pull['pull_id']}")["items"]
    assert len(rejected) == 1

    def one_person() -> list[dict]:
        found = laptop.ask("steward", "GET", "/v1/customers?q=tutorial.leaf%40example.com")["items"]
        return [customer for customer in found if customer.get("sources", 0) == 2] or []

    people = wait_until(one_person, 180, "one customer of two sources")
    assert len(people) == 1, "the club's M1 and the loyalty scheme's L-7 are one person"

    reports = {report["title"]: report for report in laptop.every("analyst", "/v1/reports")}
    asked = {"report_id": reports["What each source adds"]["report_id"], "parameters": {}}
    result = laptop.ask("analyst", "POST", "/v1/results", asked, status=202)
    show = f"/v1/results/{result['id']}"
    wait_until(lambda: laptop.ask("analyst", "GET", show)["state"] == "succeeded", 60, "the report")
    rows = laptop.ask("analyst", "GET", f"{show}/rows")["items"]
    assert {row[0]: row[1:] for row in rows}["club"] == [2, 1], "Tutorial Leaf is shared, Tutorial Bud is only here"


def test_an_application_gets_a_token_for_its_scopes_and_its_quota(laptop: Running) -> None:
    cognito = laptop.client("cognito-idp")
    (pool,) = cognito.list_user_pools(MaxResults=2)["UserPools"]
    clients = cognito.list_user_pool_clients(UserPoolId=pool["Id"], MaxResults=60)["UserPoolClients"]
    (shelf,) = (client["ClientId"] for client in clients if client["ClientName"] == "shelf")
    secret = cognito.describe_user_pool_client(UserPoolId=pool["Id"], ClientId=shelf)["UserPoolClient"]["ClientSecret"]
    basic = base64.b64encode(f"{shelf}:{secret}".encode()).decode()
    form = urllib.parse.urlencode({"grant_type": "client_credentials"}).encode()
    asked = urllib.request.Request(laptop.laptop.endpoint + "/oauth2/token", form, {"authorization": f"Basic {basic}"})
    with urllib.request.urlopen(asked, timeout=10) as reply:
        token = json.load(reply)["access_token"]

    def ask(path: str, token: str = token) -> int:
        return laptop.request("GET", path, headers={"authorization": f"Bearer {token}"}).status

    assert ask("/v1/customers?q=a") == 403
    assert [ask("/v1/pulls?limit=1") for _ in range(3)] == [200, 200, 429]
    person = laptop.people["admin"]
    try:
        signed_in = cognito.initiate_auth(
            ClientId=shelf,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": person["username"], "PASSWORD": person["password"]},
        )
    except cognito.exceptions.ClientError:  # as Cognito itself says; the emulator signs in by any client
        return
    assert ask("/v1/me", signed_in["AuthenticationResult"]["AccessToken"]) == 401
