"""Mappings: what is understood, and what is told of those that are not."""

import pytest

from hub.identity import read as knowledge
from infra.matching import mapping
from infra.matching.__main__ import KNOWLEDGE
from infra.matching.mapping import MatchError, expressions, read

FIELDS = list(knowledge(KNOWLEDGE).fields)


@pytest.mark.parametrize(
    ("told", "columns"),
    [
        ("given=first_name,family=surname", {"given": ("first_name",), "family": ("surname",)}),
        (" given = first name , born=y+m+d ,", {"given": ("first name",), "born": ("y", "m", "d")}),
        ("name=full_name,address=where", {"name": ("full_name",), "address": ("where",)}),
        ("name=whole,given=first", {"name": ("whole",), "given": ("first",)}),
    ],
)
def test_words(told, columns):
    assert read(told, FIELDS).columns == columns


def test_key_and_dates():
    found = read("key=id,dates=month-first,email=mail", FIELDS)
    assert (found.key, found.month_first, found.columns) == ("id", True, {"email": ("mail",)})


def test_a_file(tmp_path):
    file = tmp_path / "map.yaml"
    file.write_text("key: id\ngiven: first_name\nborn: [y, m, d]\n")
    assert read(str(file), FIELDS) == mapping.Mapping({"given": ("first_name",), "born": ("y", "m", "d")}, "id")


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ("", "maps no field; write for example given="),
        ("key=id", "maps no field"),
        ("given", "'given': write field=column"),
        ("given=", "'given=': write field=column"),
        ("shoe=size", "shoe: no such field; one of given, "),
        ("given=a,given=b", r"given is there twice; join columns with \+, as in given=a\+b"),
        ("street=a++b", "street: names no column"),
        ("address=a,street=b", "leave it out, or street"),
        ("dates=us,email=a", "write dates=day-first or dates=month-first"),
        ("missing.yaml", "missing.yaml cannot be read"),
    ],
)
def test_what_is_not_understood_is_told(told, message):
    with pytest.raises(MatchError, match=message):
        read(told, FIELDS)


@pytest.mark.parametrize("text", ["- given", "given: {a: b}", "given: [", "just words"])
def test_files_that_are_no_mapping(tmp_path, text):
    file = tmp_path / "map.yml"
    file.write_text(text)
    with pytest.raises(MatchError, match=r"map\.yml"):
        read(str(file), FIELDS)


def test_a_column_that_is_not_there():
    with pytest.raises(MatchError, match="given=nope: the file has no such column; it has id, name"):
        expressions(read("given=nope", FIELDS), ["id", "name"])


@pytest.mark.parametrize(
    ("told", "row", "texts", "why"),
    [
        ("given=First", {" first ": "Anna"}, {"given": "Anna"}, "whatever case and blanks the column's name has"),
        ("given=a", {"a": ""}, {"given": None}, "an empty text is nothing"),
        ("street=a+b", {"a": "1", "b": "Main St"}, {"street": "1 Main St"}, "several columns"),
        ("street=a+b", {"a": None, "b": "Main St"}, {"street": "Main St"}, "those that are there"),
        ("street=a+b", {"a": None, "b": None}, {"street": None}, "none is there"),
        ("born=y+m+d", {"y": "1970", "m": "2.0", "d": "3"}, {"born": "1970-2-3"}, "a date of parts"),
        ("born=y+m+d", {"y": "1970", "m": None, "d": "3"}, {"born": None}, "half a date is none"),
        ("name=n", {"n": "Anna Maria Meier"}, {"given": "anna", "family": "meier"}, "first and last word"),
        ("name=n", {"n": "John Smith Jr."}, {"given": "john", "family": "smith"}, "a generation is no name"),
        ("name=n", {"n": "John Smith, III"}, {"given": "john", "family": "smith"}, "nor behind a comma"),
        ("name=n", {"n": "Smith Jr, John"}, {"given": "john", "family": "smith"}, "nor before one"),
        ("name=n", {"n": "Ann Lee, M.D."}, {"given": "ann", "family": "lee"}, "a degree is no name"),
        ("family=f", {"f": "Smith Jr"}, {"family": "Smith", "generation": "Smith Jr"}, "nor is one behind a last name"),
        ("family=f", {"f": "Junior"}, {"family": "Junior"}, "unless it is all that is there"),
        ("family=f,generation=g", {"f": "Iv", "g": "Jr"}, {"family": "Iv", "generation": "Jr"}, "a column of its own"),
        ("name=n", {"n": "Mary Senior"}, {"given": "mary", "family": "senior"}, "but somebody may be called so"),
        ("name=n", {"n": "Meier, Anna Maria"}, {"given": "anna", "family": "meier"}, "the last name first"),
        ("name=n", {"n": "Dr. Anna Meier"}, {"given": "anna", "family": "meier"}, "a title is no name"),
        ("name=n", {"n": "Anna"}, {"given": "anna", "family": None}, "one word"),
        (
            "name=n,given=g,family=f",
            {"n": "Anna Meier", "g": None, "f": None},
            {"given": "anna", "family": "meier"},
            "only whole",
        ),
        (
            "name=n,given=g,family=f",
            {"n": "A. Meier", "g": "Anna", "f": None},
            {"given": "Anna", "family": None},
            "in parts",
        ),
        ("address=a", {"a": "1 Main St, Ulm"}, {"street": "1 Main St, Ulm"}, "a whole address"),
    ],
)
def test_texts(engine, told, row, texts, why):
    columns = ", ".join(f'? as "{name}"' for name in row)
    engine.connection.execute(f"create table rows_ as select {columns}", list(row.values())).fetchall()
    engine.connection.execute("create view texts as select 1").fetchall()
    found = expressions(read(told, FIELDS), row)
    asked = [found[name] for name in texts]
    assert engine.query(f"select {', '.join(asked)} from rows_") == [tuple(texts.values())], why
    assert found.keys() - texts.keys() <= {"generation"}, "which is taken from whole names beside their parts"
