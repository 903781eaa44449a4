"""Sixty kinds of bad input and more: what people read of each, by the code that meets it.

Source and data set stand where the message is read: in the pull (`error`, `reason`, quarantine), in the address of the
request, in the manifest's file name. The message itself names what is below them.
"""

import json
import logging
import re
from types import SimpleNamespace
from unittest import mock

import pytest

from hub import config
from hub.pulls.uploads import UploadDesk
from tests.functions.collect.test_collect import collect, folder  # noqa: F401 - fixtures
from tests.hub.bad import answers, databases, files, requests, rows
from tests.hub.bad.canaries import CANARY
from tests.hub.pulls import manifests
from tests.hub.pulls.conftest import CONTROL, HUB, VAULT
from tests.hub.sources import double

REMEDY = re.compile(
    r"(?:[;:,?.] |\bor )(?:if [^,;]+, )?(?:did you mean|must be|it must be|add|ask|begin|bring|change|check|complete|"
    r"correct|declare|export|give|keep|leave|look|lower|make|map|move|name|pack|pull|put|rename|save|see|send|split|start|take|"
    r"tell|try|wait|widen|write)\b|`make secret",
    re.IGNORECASE,
)


KINDS = [
    *[(kind, files.of_a_file, *rest) for kind, *rest in files.FILES],
    ("gzip: a bomb", files.of_a_bomb, files.BOMB, {}, files.FILE, "more than 250 times its size"),
    *[(f"a line of {kind}", files.of_a_line, *rest) for kind, *rest in files.LINES],
    *[(f"REST: {kind}", answers.of_an_answer, *rest) for kind, *rest in answers.ANSWERS],
    ("REST: silence", answers.of_silence, None, None, answers.FIRST, "did not answer in time"),
    ("REST: nobody there", answers.of_nobody, None, None, answers.FIRST, "cannot be reached"),
    ("REST: where machines' rights are told", answers.of_an_address, "http://169.254.169.254", None, "169.254.169.254",
     "link-local"),
    *[(f"REST: {kind}", answers.of_a_secret, *rest) for kind, *rest in answers.SECRETS],
    *[(f"SQL: {kind}", databases.of_a_database, *rest) for kind, *rest in databases.DATABASES],
    ("SQL: nobody there", databases.of_a_server, "postgresql://u@127.0.0.1:1/x", {}, "127.0.0.1", "cannot be reached"),
    ("SQL: no such host", databases.of_a_server, "postgresql://u@no.invalid/x", {}, "no.invalid", "is not known"),
    *[(f"SQL: {kind}", databases.of_a_refusal, said, None, "the ", what) for kind, said, what in databases.SERVERS],
    ("SQL Server: another", databases.of_sql_server, databases.SQL_SERVER, None, "the ", "manual of SQL Server"),
    *[(f"a value: {kind}", rows.of_a_value, column, value, "value", what) for kind, column, value, what in rows.ROWS],
    *[(f"a pull: {kind}", rows.of_a_pull, *rest) for kind, *rest in rows.PULLS],
    *[(f"a line of the quarantine: {kind}", rows.of_a_line_of_the_quarantine, *rest) for kind, *rest in rows.REFUSED],
    *[(f"push: {kind}", requests.of_a_body, given, None, *rest) for kind, given, *rest in requests.BODIES],
    *[(f"upload: {kind}", requests.of_an_upload, given, None, *rest) for kind, given, *rest in requests.UPLOADS],
    *[(f"manifest: {kind}", requests.of_a_manifest, *rest) for kind, *rest in requests.MANIFESTS],
]  # fmt: skip


@pytest.fixture(scope="module")
def world(collect, folder, tmp_path_factory):  # noqa: F811 - fixtures
    """What all kinds are driven against: AWS in memory, a server, a folder; nobody sleeps."""
    here = tmp_path_factory.mktemp("bad")
    (here / "hub/sources").mkdir(parents=True)
    (here / "hub/hub.yaml").write_text(HUB)
    (here / "hub/sources/calls.yaml").write_text(manifests.calls())
    (here / "hub/sources/crm.yaml").write_text(manifests.crm("https://crm.example"))
    (here / "deployment.json").write_text(config.load(here / "hub").model_dump_json())
    settings = SimpleNamespace(hub_home=here, pull_queue_url="", control_table=CONTROL, vault_bucket=VAULT)
    with double.serving(double.Api([])) as api, mock.patch("hub.sources.http.time.sleep", lambda seconds: None):
        yield SimpleNamespace(api=api, folder=here, collect=collect, uploads=UploadDesk(settings), pulls=[])


def test_there_are_sixty_kinds_and_more():
    assert len({kind for kind, *_ in KINDS}) == len(KINDS) > 60


def lacking(message, place, what):
    """What a message lacks."""
    return [
        *(["where it is"] if place not in message else []),
        *(["what it is"] if what not in message else []),
        *(["what to do"] if not REMEDY.search(message) else []),
    ]


def test_each_kind_of_bad_input(world, caplog, capfd):
    """One test, for no two of them may say the same."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, logger="botocore")  # its debugging shows all that is sent
    wrong, told = [], {}
    for kind, met, given, how, place, what in KINDS:
        world.api.asked.clear()
        caplog.clear()
        found = met(world, given, how)
        message = found if isinstance(found, str) else next((each for each in found if what in each), found[0])
        wrong += [f"{kind} does not say {each}: {message}" for each in lacking(message, place, what)]
        printed = capfd.readouterr()
        seen = [message, caplog.text, printed.out, printed.err, json.dumps(world.api.asked)]
        wrong += [f"{kind} tells a person: {each}" for each in seen if CANARY.search(each)]
        bare = re.sub(r"\d[\d,]*", "1", message.replace(place, "@"))
        if told.setdefault(bare, kind) != kind:
            wrong.append(f"{kind} is told as {told[bare]} is: {message}")
    assert wrong == []
