"""Which data sets have a form, and what it asks for."""

from pathlib import Path

import pytest

from hub import config
from hub.pulls.entry_forms import form_of

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def contacts():
    return config.load(ROOT / "deployments/demo").sources["field"].data_sets["contacts"]


def test_the_demo_s_form(contacts):
    told = {each.name: (each.label, each.type, each.required, each.fill, each.choices) for each in form_of(contacts)}
    assert told == {
        "entry_id": ("Entry id", "varchar", True, "id", []),
        "full_name": ("Name", "varchar", True, None, []),
        "email": ("E-mail", "varchar", False, None, []),
        "phone": ("Telephone", "varchar", False, None, []),
        "city": ("Town", "varchar", False, None, []),
        "met_at": ("Where you met", "varchar", False, None, ["fair", "door", "shop"]),
        "entered_at": ("Entered at", "timestamp", True, "now", []),
    }


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda c: {"fetch": c.fetch.model_copy(update={"format": "csv"})}, "a table has no place for one entry"),
        (lambda c: {"fetch": c.fetch.model_copy(update={"records": "$.rows"})}, "records within a document"),
        (lambda c: {"keys": c.keys.model_copy(update={"business": ()})}, "nothing makes a repeat one row"),
        (lambda c: {"keys": c.keys.model_copy(update={"business": ("entry_id", "city")})}, "the form gives one id"),
        (lambda c: {"keys": c.keys.model_copy(update={"business": ("entered_at",)})}, "a moment is no id"),
    ],
)
def test_who_has_none(contacts, change, why):
    assert form_of(contacts.model_copy(update=change(contacts))) is None, why
