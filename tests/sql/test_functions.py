"""Every function that SQL of the hub may use gives Trino's value on the engine that runs here."""

import uuid
from pathlib import Path

import yaml

from hub.models import loader
from hub.models.athena import Athena, QueryFailed, Row
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
    athena = make_lake().athena
    found = values(athena, [row["of"] for row in ROWS])
    wrong = [
        (row["of"], value, row.get("is"), row.get("why"))
        for row, value in zip(ROWS, found, strict=True)
        if value != row.get("is")
    ]
    assert not wrong, "\n".join(map(str, wrong))


def values(athena: Athena, expressions: list[str]) -> list[str | None]:
    """What each gives: the plain ones are one statement, unless one of them fails; a subquery is planned by itself."""
    plain = [expression for expression in expressions if not expression.startswith("(")]
    listed = ", ".join(f"{expression} as value_{place}" for place, expression in enumerate(plain))
    try:
        (row,) = asked(athena, listed)
    except QueryFailed:
        return [value(athena, expression) for expression in expressions]
    known = dict(zip(plain, row.values(), strict=True))
    return [known[each] if each in known else value(athena, each) for each in expressions]


def value(athena: Athena, expression: str) -> str | None:
    try:
        (row,) = asked(athena, f"{expression} as value")
    except QueryFailed as error:
        return f"failed: {error.message}"
    return row["value"]


def asked(athena: Athena, columns: str) -> list[Row]:
    return list(athena.query(f"select {columns}", uuid.uuid4().hex, 180))
