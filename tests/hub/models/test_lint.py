import pytest

from hub.models import lint

COLUMNS = {"a": "varchar", "b": "bigint", "d": "date", "t": "timestamp", "x": "double", "p": "decimal(18,4)"}

GOOD = [
    ("a", "a column"),
    ("'crm'", "a literal"),
    ("cast(b as varchar)", "whole numbers print alike"),
    ("cast(b as varchar) || '-' || cast(a as varchar)", "a key of two parts"),
    ("concat(a, ' ', coalesce(a, ''))", "joined text"),
    ("case when a in ('yes', 'y') then true when a = 'no' then false end", "words to boolean"),
    ("cast(b as double) / nullif(b, 0)", "a safe ratio"),
    ("cast(x as double) / 100", "a divisor that is not zero"),
    ("date_diff('day', cast(t as date), d)".replace(", d)", ", cast(d as date))"), "days between dates"),
    ("cast(date_trunc('month', t) as date)", "a cast fixes the type"),
    ("try(cast(date_parse(a, '%Y-%m-%d') as date))", "dirty dates become null"),
    ("nullif(regexp_extract(a, '[0-9]+'), '')", "no match is null"),
    ("try(json_extract_scalar(a, '$.city'))", "text that may be no JSON"),
    ("coalesce(contains(split(a, ','), 'vip'), false)", "null does not leak"),
    ("try_cast(regexp_extract(a, '^[0-9]{1,9}\\z') as integer)", "only digits are cast"),
    ("date_format(t, '%Y-%m-%d')", "the text of a time by pattern"),
    ("element_at(split(a, '.'), 9)", "null out of range"),
]

BAD = [
    ("a /", "Required", "not SQL"),
    ("a from t", "not one expression", "a query"),
    ("a, b", "not one expression", "two expressions"),
    ("nope", "not a column", "an unknown column"),
    ("(select 1)", "no subquery", "a subquery"),
    ("max(a)", "no subquery, aggregate", "an aggregate over one row"),
    ("row_number() over (order by a)", "window", "a window over one row"),
    ("strftime(t, '%Y')", "function strftime is not portable", "DuckDB's function"),
    ("trim(a)", "regexp_replace", "trim keeps tabs on one engine"),
    ("split_part(a, '.', 9)", "element_at", "'' and null out of range"),
    ("a::bigint", "write cast", "DuckDB's cast"),
    ("b / 2", "truncates", "3 and 3.5"),
    ("cast(b as double) / b", "nullif", "a division by zero"),
    ("cast(t as varchar)", "date_format", "the text of a time differs"),
    ("cast(x as varchar)", "decimal", "the text of a double differs"),
    ("cast(a as varchar(3))", "substr", "one engine does not cut"),
    ("try_cast(a as integer)", "regexp_extract", "'1e3' is 1000 on one engine"),
    ("try_cast(a as boolean)", "case when", "'yes' is true on one engine"),
    ("try_cast(a as date)", "date_parse", "a time is a date on one engine"),
    ("regexp_extract(a, '[0-9]+')", "nullif", "'' and null"),
    ("nullif(regexp_extract(a, '\\d+'), '')", "classes", "other digits on one engine"),
    ("regexp_like(a, 'x$')", "\\z", "before a last line end"),
    ("regexp_replace(a, '([a-z])', '$1$1')", "group references", "not replaced on one engine"),
    ("regexp_like(a, a)", "is a literal", "a pattern that nobody can check"),
    ("json_extract_scalar(a, '$.b')", "try(", "fails on malformed text"),
    ("contains(split(a, ','), 'x')", "coalesce", "null and false"),
    ("date_trunc('month', t)", "put a cast", "date and timestamp"),
    ("t + interval '1' day", "put a cast", "date and timestamp"),
    ("date_diff('hour', t, t)", "date_diff('day'", "boundaries and units"),
    ("t at time zone 'Asia/Kolkata'", "at once", "an instant and a wall clock"),
    ("split(a, ',')[1]", "element_at", "an error and null"),
    ("substr(a, 0, 2)", "1 or later", "'' and a letter"),
    ("substr(a, -3)", "1 or later", "beyond the start"),
    ("current_date", "control.run", "differs when it is repeated"),
    ("now()", "control.run", "differs when it is repeated"),
    ("random()", "order by", "never twice the same"),
    ("concat(a, 'x',)", "comma too many", "one parser takes it"),
    ("sha512(to_utf8(a))", "sha256", "another hash on one engine"),
]


@pytest.mark.parametrize(("sql", "why"), GOOD)
def test_portable_expressions_pass(sql, why):
    assert lint.expression(sql, COLUMNS) == [], why


@pytest.mark.parametrize(("sql", "message", "why"), BAD)
def test_other_expressions_are_refused_with_the_remedy(sql, message, why):
    found = lint.expression(sql, COLUMNS)
    assert any(message in each for each in found), (why, found)


def doubled(times: int) -> str:
    """A query whose every part reads the one before twice."""
    parts = ["p0 as (select a from vault.t)"]
    parts += [f"p{n} as (select x.a from p{n - 1} as x inner join p{n - 1} as y on x.a = y.a)" for n in range(1, times)]
    last = f"p{times - 1}"
    return f"with {', '.join(parts)} select x.a from {last} as x inner join {last} as y on x.a = y.a"


@pytest.mark.parametrize(
    ("sql", "line", "message", "why"),
    [
        ("select a\nfrom vault.t\nwhere a like '%x'", None, "", "a plain select"),
        ("with x as (\n    select a from vault.t\n)\nselect a from x", None, "", "a named part"),
        ("insert into vault.t values (1)", 1, "not one SELECT", "a write"),
        ("select a from vault.t; select 1", 1, "one query only", "two statements"),
        ("select a\nfrom t", 2, "neither a table with its zone", "a table without its zone"),
        ("select a\nfrom prod_vault.t", 2, "no such zone", "a physical name"),
        ("select *\nfrom vault.t", 1, "name the columns", "a star"),
        ("select lower(a) as b\nfrom vault.t\ngroup by b", 3, "alias", "Athena does not know the alias"),
        ("select sum(p) as s from vault.t", 1, "cast(sum(x)", "the type of a sum differs"),
        ("select cast(sum(p) filter (where a = 'x') as decimal(18,4)) as s from vault.t", None, "", "a cast sum"),
        ("select avg(p) as s from vault.t", 1, "avg(cast(x as double))", "decimal and double"),
        ("select max_by(a, t) as s from vault.t", 1, "filter", "null of the latest row"),
        ("select max_by(a, t) filter (where a is not null) as s from vault.t", None, "", "nulls left out"),
        ("select a from vault.t qualify row_number() over (order by a) = 1", 1, "", "not Athena's"),
        ("select a from vault.t for version as of 5", 1, "chooses the version", "the run does that"),
        ("select a from vault.t where a ilike 'x'", 1, "ilike", "not Athena's"),
        (doubled(6), None, "", "64 reads"),
        (doubled(7), 1, "reads 128 tables", "each part reads the one before twice: more stages than Trino holds"),
    ],
)
def test_select(sql, line, message, why):
    found = lint.select(sql)
    if line is None:
        assert found == [], why
    else:
        assert any(message in told for _, told in found), (why, found)
        assert any(at == line for at, told in found if message in told), (why, found)
