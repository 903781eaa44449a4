"""Values of a report's parameters: of their type or refused, by name."""

import pytest

from hub.errors import InvalidInput
from hub.guard import Parameter, infer, read


@pytest.mark.parametrize(
    ("kind", "value", "texts", "why"),
    [
        ("text", "O'Brien", ("O'Brien",), "a quote is part of a name"),
        ("text", "007", ("007",), "digits in a text stay as they are"),
        ("text", "", ("",), "an empty text is a text"),
        ("text", "नमस्ते", ("नमस्ते",), "any script"),
        ("list", ["007", "O'Brien"], ("007", "O'Brien"), "a list of texts"),
        ("integer", 7, ("7",), "a whole number"),
        ("integer", -7, ("-7",), "below zero"),
        ("integer", 2**63 - 1, ("9223372036854775807",), "the largest"),
        ("decimal", "12.50", ("12.50",), "exactly as written"),
        ("decimal", 12.5, ("12.5",), "a number of JSON"),
        ("decimal", 1e-7, ("0.0000001",), "without an exponent"),
        ("decimal", 3, ("3",), "a whole one"),
        ("date", "2026-02-28", ("2026-02-28",), "a day"),
        ("timestamp", "2026-01-31T18:30:00Z", ("2026-01-31 18:30:00.000000",), "UTC"),
        ("timestamp", "2026-01-31T18:30:00+05:30", ("2026-01-31 13:00:00.000000",), "turned into UTC"),
        ("timestamp", "2026-01-31 18:30:00", ("2026-01-31 18:30:00.000000",), "without an offset: UTC"),
    ],
)
def test_read(kind, value, texts, why):
    assert read([Parameter(name="p", type=kind)], {"p": value})["p"].texts == texts, why


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        ("text", 7, "a number is no text: 007 would have become 7"),
        ("text", None, "nothing"),
        ("text", "x" * 1001, "longer than Athena takes"),
        ("text", "'" * 501, "longer once its quotes are doubled"),
        ("text", "a\0b", "a zero"),
        ("list", "a", "one text is no list"),
        ("list", [], "no element"),
        ("list", ["a", 7], "a number among texts"),
        ("list", ["a"] * 201, "too many"),
        ("integer", "7", "a text is no number"),
        ("integer", 7.0, "nor a fraction"),
        ("integer", True, "nor a truth"),
        ("integer", 2**63, "larger than the engine's"),
        ("decimal", "1e5", "an exponent"),
        ("decimal", "१२", "digits of another script"),
        ("decimal", "NaN", "no number by name"),
        ("decimal", float("inf"), "no number by value"),
        ("decimal", "1.0000000001", "finer than the engine's"),
        ("date", "2026-02-30", "no such day"),
        ("date", "31.01.2026", "another form"),
        ("date", "20260131", "another form that some readers take"),
        ("date", "2026-01-31'", "a quote after it"),
        ("date", 20260131, "a number"),
        ("timestamp", "2026-01-31", "a day is no time"),
        ("timestamp", "2026-01-31T25:00:00Z", "no such hour"),
        ("timestamp", "0001-01-01T00:00:00+05:00", "before all time, in UTC"),
    ],
)
def test_refused_by_name(kind, value, why):
    with pytest.raises(InvalidInput) as refusal:
        read([Parameter(name="since", type=kind)], {"since": value})
    assert refusal.value.message.startswith("parameters.since: "), why
    assert [problem["field"] for problem in refusal.value.details] == ["parameters.since"]


def test_every_wrong_one_is_named_at_once():
    declared = [Parameter(name="a", type="integer"), Parameter(name="b", type="date"), Parameter(name="c", type="text")]
    with pytest.raises(InvalidInput) as refusal:
        read(declared, {"a": "x", "z": 1, "c": "right"})
    assert {problem["field"] for problem in refusal.value.details} == {"parameters.a", "parameters.b", "parameters.z"}


def test_a_default_stands_in():
    declared = [Parameter(name="area", type="text", default="Pune")]
    assert read(declared, {})["area"].texts == ("Pune",)
    assert read(declared, {"area": "Goa"})["area"].texts == ("Goa",)


def test_values_without_a_declaration_have_their_json_type():
    kinds = {parameter.name: parameter.type for parameter in infer({"a": "1", "b": 1, "c": 1.5, "d": ["x"], "e": True})}
    assert kinds == {"a": "text", "b": "integer", "c": "decimal", "d": "list", "e": "text"}
