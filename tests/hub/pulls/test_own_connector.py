"""docs/how-to/write-a-connector.md to the letter: its files in a deployment folder, an Odoo pulled by them."""

import re
import threading
from contextlib import contextmanager
from xmlrpc.client import Fault
from xmlrpc.server import SimpleXMLRPCRequestHandler, SimpleXMLRPCServer

import boto3
import pytest

from hub import config
from hub.errors import ConfigError
from hub.pulls import PullTask
from hub.pulls.engine import Engine
from hub.sources import own
from tests.hub.pulls.conftest import HUB, ROOT
from tests.hub.pulls.settings import SETTINGS

PAGE = (ROOT / "docs/how-to/write-a-connector.md").read_text()
BLOCKS = dict(re.findall(r"^```\w+ file=(\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
CUSTOMERS = "odoo.customers"


class Odoo:
    """Partners behind XML-RPC, as Odoo answers: false for nothing, [id, name] for another record."""

    def __init__(self):
        self.partners = [self.partner(number) for number in range(1, 250)]
        self.partners.append(self.partner(250, "2024-05-01 10:00:00"))
        self.asked, self.fails = 0, set()

    @staticmethod
    def partner(number, written="2024-05-01 09:00:00"):
        return {
            "id": number, "name": f"Partner {number}", "email": f"p{number}@example.com", "phone": False,
            "city": "Pune" if number % 2 else False, "country_id": [104, "India"], "is_company": number % 10 == 0,
            "write_date": written,
        }  # fmt: skip

    def authenticate(self, database, user, key, agent):
        return 2 if (database, user, key) == ("production", "hub", "odoo-key") else False

    def execute_kw(self, database, uid, key, model, method, values, asked):
        self.asked += 1
        if self.asked in self.fails:
            raise Fault(1, "Traceback: psycopg2.OperationalError Partner 7")
        assert (uid, key, model, method, asked["order"]) == (2, "odoo-key", "res.partner", "search_read", "id")
        rows = self.partners
        for name, operator, value in values[0]:
            rows = [row for row in rows if (row[name] >= value if operator == ">=" else row[name] > value)]
        return [{name: row[name] for name in {"id", *asked["fields"]}} for row in rows[: asked["limit"]]]


@contextmanager
def serving(odoo):
    class Handler(SimpleXMLRPCRequestHandler):
        rpc_paths = ("/xmlrpc/2/common", "/xmlrpc/2/object")

    with SimpleXMLRPCServer(("127.0.0.1", 0), Handler, logRequests=False, allow_none=True) as server:
        server.register_instance(odoo)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def folder(tmp_path):
    """A deployment folder with the page's files."""
    (tmp_path / "hub.yaml").write_text(f"{HUB}variables: {{ODOO_URL: 'http://127.0.0.1:1'}}\n")
    for name, text in BLOCKS.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def odoo(folder, bench):
    app = Odoo()
    boto3.client("ssm").put_parameter(Name="/hub/odoo/user", Value="hub:odoo-key", Type="SecureString")
    own._module.cache_clear()
    with serving(app) as url:
        engine = bench(config.load(folder, {"ODOO_URL": url}))
        settings = SETTINGS.model_copy(update={"hub_home": folder})
        engine.engine = Engine(engine.deployment, settings, b"k" * 64, now=lambda: engine.now)
        yield app, engine


def pulled(engine):
    pull = engine.engine.carry_on(PullTask(source="odoo", data_set="customers"), lambda: 300_000)
    assert pull.received == pull.staged + pull.duplicate + pull.quarantined + pull.filtered
    return pull


def test_the_page_has_a_connector_of_about_sixty_lines():
    assert sorted(BLOCKS) == ["connectors/odoo.py", "sources/odoo.yaml"]
    code = [line for line in BLOCKS["connectors/odoo.py"].splitlines() if line.strip()]
    assert len(code) < 75


def test_the_page_s_connector_pulls_odoo_whole_and_then_what_changed(odoo):
    app, engine = odoo
    pull = pulled(engine)
    assert (pull.state, pull.staged, pull.quarantined, pull.new_fields) == ("complete", 250, 0, []), pull.error
    assert app.asked == 3, "a short page is the last"
    rows = engine.staged(CUSTOMERS)
    assert (rows["phone"].null_count, rows["city"].null_count) == (250, 125), "false is nothing"
    assert set(rows["country_id"].to_pylist()) == {104}
    assert rows["is_company"].to_pylist().count(True) == 25, "but where it is the truth"
    app.partners[6] = app.partner(7, "2024-05-02 09:00:00")
    app.partners.append(app.partner(251, "2024-05-02 09:00:00"))
    engine.now += 3600
    assert pulled(engine).received == 3, "what changed, and what the overlap reads again"
    app.partners.append(app.partner(252, "2024-05-02 08:55:00"))  # late, but within the overlap
    engine.now += 3600
    assert pulled(engine).received == 3


def test_a_worker_goes_on_behind_the_last_page(odoo, monkeypatch):
    monkeypatch.setattr("hub.pulls.engine.BATCH_BYTES", 1)
    app, engine = odoo
    app.fails = {2}
    pull = pulled(engine)
    assert (pull.state, pull.error) == ("failed", "Odoo refuses execute_kw of res.partner (fault 1)")
    pull = pulled(engine)
    assert (pull.state, pull.staged, app.asked) == ("complete", 250, 4), "the first page is not asked for again"


def test_a_wrong_key_is_said_without_it(odoo):
    _, engine = odoo
    boto3.client("ssm").put_parameter(Name="/hub/odoo/user", Value="hub:wrong", Type="SecureString", Overwrite=True)
    pull = pulled(engine)
    assert pull.error == "Odoo knows no such user and key; check the secret of the source's authentication"


def test_a_file_that_is_not_there_or_gives_nothing_is_said(folder, odoo):
    _, engine = odoo
    (folder / "connectors/odoo.py").write_text("")
    own._module.cache_clear()
    assert "has no function `connect(source, rules)`" in pulled(engine).error
    (folder / "connectors/odoo.py").unlink()
    own._module.cache_clear()
    assert "was not shipped; deploy the folder that holds it" in pulled(engine).error
    with pytest.raises(ConfigError, match=r"there is no connectors/odoo\.py beside sources/"):
        config.load(folder)
