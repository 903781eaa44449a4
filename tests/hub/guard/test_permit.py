"""What a user's SQL becomes, and what is refused: by the parse tree, with its place."""

# ruff: noqa: E501  a row of a table is one line
from pathlib import Path

import pytest
import sqlglot
import yaml
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from hub.errors import InvalidInput
from hub.guard import Parameter, permit, read

EVASIONS = yaml.safe_load((Path(__file__).parent / "evasions.yaml").read_text())
CUSTOMER = (
    '(SELECT "customer_id", "area", "customer_since", "reachable_email" '
    'FROM "test_reporting"."customer" FOR VERSION AS OF 101 WHERE NOT "_deleted")'
)
PRODUCT = (
    '(SELECT "record_key", "name", "unit_price" '
    'FROM "test_reporting"."product_2" FOR VERSION AS OF 102 WHERE NOT "_deleted")'
)
VALUES = read(
    [
        Parameter(name="since", type="date"),
        Parameter(name="at", type="timestamp"),
        Parameter(name="areas", type="list"),
        Parameter(name="who", type="text"),
        Parameter(name="n", type="integer"),
        Parameter(name="least", type="decimal"),
        Parameter(name="minus", type="integer"),
    ],
    {
        "since": "2026-01-31",
        "at": "2026-01-31T18:30:00+05:30",
        "areas": ["O'Brien", "007"],
        "who": "x' or 1=1 --",
        "n": 5,
        "least": "1.50",
        "minus": -5,
    },
)


def test_there_are_evasions_enough():
    assert len(EVASIONS) >= 30
    assert len({each["sql"] for each in EVASIONS}) == len(EVASIONS)


@pytest.mark.parametrize("evasion", EVASIONS, ids=lambda each: each["why"])
def test_the_guard_alone_refuses(evasion, released):
    with pytest.raises(InvalidInput):
        permit(evasion["sql"], VALUES, released)


@pytest.mark.parametrize(
    ("sql", "written", "why"),
    [
        ("select * from reporting.customer", f"SELECT * FROM {CUSTOMER} AS customer", "the whole table is its columns"),
        ("select * from Reporting.CUSTOMER c;", f"SELECT * FROM {CUSTOMER} AS c", "names in any case, one `;` at the end"),
        ('select c."area" from "reporting"."customer" as c', f'SELECT c."area" FROM {CUSTOMER} AS c', "names in quotes"),
        (
            "select reporting.customer.area from reporting.customer",
            f"SELECT customer.area FROM {CUSTOMER} AS customer",
            "a column by its zone",
        ),
        (
            "with customer as (select area from reporting.customer) select area from customer",
            f"WITH customer AS (SELECT area FROM {CUSTOMER} AS customer) SELECT area FROM customer",
            "a part named like a table is that part",
        ),
        (
            "with a as (select 1 as x), b as (select x from a) select * from b",
            "WITH a AS (SELECT 1 AS x), b AS (SELECT x FROM a) SELECT * FROM b",
            "a part reads those before it",
        ),
        ("select name from reporting.product /* a */ -- b", f"SELECT name FROM {PRODUCT} AS product", "no comment is passed on"),
        ("select p.name from reporting.product as p(k, name, u)", f"SELECT p.name FROM {PRODUCT} AS p(k, name, u)", "columns named anew"),
        ("select 'from vault.customer'", "SELECT 'from vault.customer'", "a text is a text"),
        ("select 'O''Brien', 'C:\\', '100%'", "SELECT 'O''Brien', 'C:\\', '100%'", "quotes, backslashes and signs in a text"),
        ("select * from unnest(sequence(1, 3)) with ordinality as t(a, n)", "SELECT * FROM UNNEST(SEQUENCE(1, 3)) WITH ORDINALITY AS t(a, n)", "the one function that is a table"),
        ("select count(*) filter (where area = 'x') from reporting.customer", f"SELECT COUNT(*) FILTER(WHERE area = 'x') FROM {CUSTOMER} AS customer", "an aggregate of some rows"),
        ("select area from reporting.customer where customer_since >= :since", f"SELECT area FROM {CUSTOMER} AS customer WHERE customer_since >= CAST(? AS DATE)", "a parameter has its type"),
        ("select 1 where ':since' = ':who'", "SELECT 1 WHERE ':since' = ':who'", "a colon in a text is no parameter"),
        ("select area from reporting.customer limit :n", f"SELECT area FROM {CUSTOMER} AS customer LIMIT 5", "a number of rows is written"),
    ],
)  # fmt: skip
def test_written(sql, written, why, released):
    assert permit(sql, VALUES, released).sql == written, why


@pytest.mark.parametrize(
    ("sql", "line", "column", "says", "why"),
    [
        ("select *\nfrom vault.customer", 2, 6, "vault.customer", "another zone"),
        ("select * from customer", 1, 15, "customer", "a table without its zone"),
        ("select * from reporting.new", 1, 15, "reporting.new", "a table that no release has"),
        ("select * from reporting.customers", 1, 15, "reporting.customers", "no such table"),
        ('select * from reporting."customer$files"', 1, 15, "customer$files", "a table about a table"),
        ("select * from reporting.customer for version as of 7", 1, 15, "nothing more", "another version than the release's"),
        ("select a from t1, (with t1 as (select 1 as a) select a from t1) x", 1, 15, "t1", "a part is not seen from outside"),
        ("with a as (select * from b), b as (select 1 as x) select * from a", 1, 26, "b", "nor by those before it"),
        ("with a as (select * from a) select * from a", 1, 26, "a", "nor by itself"),
        ("with recursive t(n) as (select 1 union all select n + 1 from t) select n from t", 1, 62, "t", "nor again and again"),
        ("select\n  current_user", 2, 3, "current_user", "who the engine thinks it is"),
        ("select\n  read_file(name) from reporting.product", 2, 3, "read_file", "an unknown function"),
        ('select "a$b"(1)', 1, 8, "a$b", "a function in quotes"),
        ("select system.abs(1)", 1, 8, "alone", "a function of a schema"),
        ("select area from reporting.customer order by rand()", 1, 46, "rand", "chance"),
        ("select * from reporting.customer where area = :nobody", 1, 47, ":nobody", "a parameter that is none"),
        ("select ?", 1, 8, ":name", "a parameter without a name"),
        ("select :areas", 1, 8, "in (:areas)", "a list is no value"),
        ("select area from reporting.customer limit :who", 1, 43, ":who", "a text is no number of rows"),
        ("select area from reporting.customer limit :minus", 1, 43, ":minus", "nor is less than none"),
        ("select decimal '1.5'", 1, 8, "cast", "a literal that the parser reads as another number"),
        ("select area,\nfrom reporting.customer", 1, 12, "comma", "a comma too many"),
        ("selec 1", 1, 7, "Syntax error", "no SELECT"),
        ("select 1 +", 1, 10, "Syntax error", "half an expression"),
        ("select 1 +\nfrom reporting.customer", 2, 1, "something is missing", "the parser's own words are not shown"),
        ("select 'it''s' -- '\n, /* ' */ 'x", 2, 11, "not closed", "a text without an end"),
        ("select area from reporting.customer where (", 1, 43, "Syntax error", "half a condition"),
        ("select * from reporting.customer for update", 1, 1, "LOCK", "a lock"),
        ("select x'00'", 1, 8, "HEX", "bytes"),
        ("select * exclude (area) from reporting.customer", 1, 8, "`*`", "another engine's SQL"),
        ("select 1; select 2", 1, 11, "One query", "two"),
        ("(select 1)", 1, 1, "one SELECT", "a query in parentheses"),
        ("values 1", 1, 1, "one SELECT", "rows without a query"),
        ('select "$path" from reporting.customer', 1, 8, "files", "where a row is stored"),
        ("select\n current_schema", 2, 2, "current_schema", "where the engine is"),
        ("select {x}", 1, 8, "Braces", "what is no SQL here"),
        ("select", 1, 1, "no column", "nothing is selected"),
        ("select 1 where exists (select from reporting.product)", 1, 36, "no column", "nor is here"),
    ],
)  # fmt: skip
def test_refused_with_its_place(sql, line, column, says, why, released):
    with pytest.raises(InvalidInput) as refusal:
        permit(sql, VALUES, released)
    assert refusal.value.message.startswith(f"line {line}:{column}: "), (refusal.value.message, why)
    assert refusal.value.details == {"line": line, "column": column}
    assert says.lower() in refusal.value.message.lower(), (refusal.value.message, why)


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("", "nothing"),
        ("   ;  ", "nothing much"),
        ("-- select 1", "only a comment"),
        ("select 'a", "an open quote"),
        ("select /* a", "an open comment"),
        ("select " + "(" * 5000 + "1" + ")" * 5000, "deeper than any reader goes"),
        ("select 1 " + "+ 1 " * 20_000, "longer than any writer goes"),
        ("select 1 " + "+ 1 " * 4_000, "a chain that a reader would climb"),
        ("select '\0'", "a zero in a text"),
        ("\ufeffselect 1", "a mark before the text"),
        ("with function f() returns bigint return 1 select f()", "a function of one's own"),
    ],
)
def test_refused_without_harm(sql, why, released):
    with pytest.raises(InvalidInput):
        permit(sql, VALUES, released)


def test_parameters_travel_beside_the_text_in_the_order_of_the_text(released):
    permitted = permit(
        "with p as (select * from reporting.product where unit_price > :least and name <> :who) "
        "select * from p where name in ('x', :areas) or record_key in (:areas) or :at is null",
        VALUES,
        released,
    )
    assert permitted.parameters == [
        "'1.50'", "'x'' or 1=1 --'", "'O''Brien'", "'007'", "'O''Brien'", "'007'", "'2026-01-31 13:00:00.000000'",
    ]  # fmt: skip
    assert permitted.sql.count("?") == 7
    assert "1=1" not in permitted.sql
    assert permitted.tables == ("reporting.product",)
    inline = sqlglot.parse_one(permitted.inline(), dialect="athena")
    assert "x' or 1=1 --" in {literal.this for literal in inline.find_all(exp.Literal)}


@given(st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), max_size=60))
def test_any_text_stays_one_literal(text):
    """Whatever a reader types is one text in the statement, and that very text."""
    values = read([Parameter(name="who", type="text")], {"who": text})
    permitted = permit("select :who as given", values, {})
    tree = sqlglot.parse_one(permitted.inline(), dialect="athena")
    assert [literal.this for literal in tree.find_all(exp.Literal)] == [text]
    assert permitted.parameters == ["'" + text.replace("'", "''") + "'"]


PIECES = [
    "select", "*", "from", "vault.customer", "reporting.product", "test_vault.customer", "(", ")", ",", "with", "a", "as",
    "union all", "join", "on true", "where", "exists", '"', "'", "--", "/*", "*/", ";", "unnest", "1", "in", "vault", ".",
    "customer", "lateral", "for version as of 1", '"customer$files"', "email", "values", "table", "\n", "::", "->",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=14))
def test_whatever_is_permitted_reads_released_tables_alone(released, pieces):
    """Heaps of pieces: most are refused; what is not reads nothing but whole projections."""
    try:
        permitted = permit("select " + " ".join(pieces), VALUES, released)
    except InvalidInput:
        return
    tree = sqlglot.parse_one(permitted.sql, dialect="athena")
    stored = {table.sql(dialect="athena") for table in tree.find_all(exp.Table) if table.args.get("db")}
    assert stored <= {'"test_reporting"."product_2" FOR VERSION AS OF 102'}
