"""Every function that SQL of the hub may use gives Trino's value on the engine that runs here."""

import uuid
from pathlib import Path

import yaml

from hub.models import loader
from hub.models.athena import Athena, QueryFailed
from hub.models.functions import ALLOWED
from hub.models.text import calls
from tests.sql.lake import ROOT

ROWS = yaml.safe_load((Path(__file__).parent / "functions.yaml").read_text())


def test_every_allowed_function_has_a_row():
    assert {name for row in ROWS for name, _ in calls(f"select {row['of']}")} == ALLOWED


def test_every_function_of_the_models_is_allowed():
    texts = [
        sql for table in loader.load(ROOT / "sql").values() for sql in (table.sql, *(each.sql for each in table.checks))
    ]
    assert {name for sql in texts for name, _ in calls(sql)} <= ALLOWED


def test_functions_give_the_value_of_trino(make_lake):
    lake = make_lake()
    wrong = [
        (row["of"], found, row.get("is"), row.get("why"))
        for row in ROWS
        if (found := value(lake.athena, row["of"])) != row.get("is")
    ]
    assert not wrong, "\n".join(map(str, wrong))


def value(athena: Athena, expression: str) -> str | None:
    try:
        (row,) = athena.query(f"select {expression} as value", uuid.uuid4().hex, 30)
    except QueryFailed as error:
        return f"failed: {error.message}"
    return row["value"]
