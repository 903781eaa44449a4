"""What a manifest may say of a database."""

import json
import re
from pathlib import Path

import pytest

from hub import config
from hub.config import databases
from hub.errors import ConfigError

ROOT = Path(__file__).parents[3]
SHOP = (ROOT / "deployments/demo/sources/shop.yaml").read_text()


@pytest.fixture
def problems(tmp_path):
    """The problems of the demo's shop after a change."""

    def found(shop):
        (tmp_path / "sources").mkdir()
        (tmp_path / "hub.yaml").write_text("name: test\ncurrency: INR\ncountry: IN\n")
        (tmp_path / "sources/shop.yaml").write_text(shop)
        try:
            config.load(tmp_path)
        except ConfigError as error:
            return error.problems
        return []

    return found


CONDITIONS = [
    ("country = 'IN'", None, "a plain one"),
    ("name like '50%; drop' and note <> 'it''s -- fine /* */ #1'", None, "what stands in quotes is a value"),
    ('"update" > 3 and (a or (b))', None, "a column of that name, in quotes"),
    ("id in (select customer_id from orders where total > 10)", None, "another table is read"),
    ("offset_at is not null and asset = 1 and settled", None, "words that only begin or end like others"),
    ("1 = 1; drop table t", "';'", "a second statement"),
    ("1 = 1 -- ", "'--'", "hides what follows"),
    ("1 = 1 /* ", "'/*'", "hides what follows"),
    ("1 = 1 # ", "'#'", "hides what follows in MySQL"),
    ("a = $$x$$", "'$'", "quotes of PostgreSQL"),
    (r"a = E'\' or 1=1 --'", "a quote that is not closed", "a backslash changes what a quote means"),
    (r"a = '\' and b = '1'", r"'\\'", "a backslash changes what a quote means"),
    ("a = 'x", "a quote that is not closed", "takes the rest for its text"),
    ('a = "x', "a quote that is not closed", "takes the rest for its name"),
    ("1 = 1) or (1 = 1", "closes a parenthesis that it did not open", "leaves the condition"),
    ("(1 = 1", "a parenthesis that is not closed", "takes in what follows"),
    ("@a := 1", "':='", "sets a variable of MySQL"),
    ("1 = 1 into outfile '/tmp/x'", "the word into", "writes a file on MySQL's machine"),
    ("id in (delete from t returning id)", "the word delete", "writes"),
    ("[a'] = 1; drop table t -- '", "a quote that is not closed", "a quote in a name of SQL Server begins no text"),
    ("[`] = 1; drop table t; select [`]", "';'", "likewise"),
    ("name like '[a-c]%' and note = 'x [; --'", None, "a bracket within a text is no name"),
    ("tags[1] = 'a;b'", None, "an element of a list of PostgreSQL"),
    ("id in (select id from openquery(other, 'delete t'))", "the word openquery", "has another server write"),
    ("LOAD_FILE('/etc/passwd') is null", None, "a word of its own; the user's rights say whether"),
]


@pytest.mark.parametrize(("text", "told", "why"), CONDITIONS, ids=[case[0] for case in CONDITIONS])
def test_a_filter_is_one_condition(text, told, why):
    what = databases.no_condition(text)
    assert what is None if told is None else told in (what or ""), (why, what)


@pytest.mark.parametrize(
    ("query", "reads"),
    [
        ("select 1", True),
        (" WITH a AS (select 1) select * from a", True),
        ("select 1; select 2", False),
        ("delete from a", False),
        ("select * from a into outfile '/tmp/a'", False),
    ],
)
def test_a_query_reads(query, reads):
    assert databases.reads_only(query) is reads


WRONG = [
    ("connection", "url: mysql://u@h/db?ssl_ca=x", "has the parameter 'ssl_ca'", "TLS has words of its own"),
    ("connection", "url: postgresql://u@h/db?hostaddr=127.0.0.1", "'hostaddr'", "would go round the check of the host"),
    ("connection", "url: postgresql:///db?host=10.0.0.1", "has a host that is no path", "likewise"),
    ("connection", "url: mariadb://u@h", "is no address", "no database"),
    ("connection", "url: sqlserver://u@h/db?encrypt=false", "has the parameter 'encrypt'", "TLS has words of its own"),
    ("connection", "url: sqlserver:///db", "names no host", "it has no socket"),
    ("connection", "url: mssql://u@h/db", "or sqlserver://", "another name for it"),
    ("connection", "url: mysql://u:hunter2@h/db", "holds a password", "it would be in every template"),
    ("connection", "url: mysql://u@h/db\n  tls: none", "may be none only for a private address", "a server elsewhere"),
    ("connection", "url: mysql://u@8.8.8.8/db\n  tls: none", "may be none only", "a public number"),
    ("connection", "url: mysql://u@h/db\n  authority: x", "is no certificate", "not PEM"),
    (
        "connection",
        "url: mysql://u@h/db\n  statement_timeout: 1 hour",
        "is 1 to 240 seconds",
        "longer than a worker lives",
    ),
    ("fetch", "filter: 1 = 1;", "may end the statement", "a second statement"),
    ("fetch", "parallel: 4", "is for a database on a server", "a file"),
    ("fetch", "query: select 1", "needs a table or a query, not both", "both"),
]


@pytest.mark.parametrize(("place", "text", "told", "why"), WRONG, ids=[case[1] for case in WRONG])
def test_mistakes(problems, place, text, told, why):
    shop = SHOP
    if place == "connection":
        shop = shop.replace("url: ${SHOP_URL}", text)
    else:
        shop = shop.replace("${SHOP_URL}", "sqlite:///shop").replace(
            "table: customers\n", f"table: customers\n      {text}\n"
        )
    found = problems(shop)
    assert [told in each for each in found] == [True], (why, found)
    assert "hunter2" not in found[0]


QUERIES = [
    ("select id from dbo.a where b in (select b from c)", None, "reads"),
    ("select [id], replace(\"update\", 'x)', '') as x from a", None, "names and texts may hold what they like"),
    ("select 1 as id delete from a", "the word delete", "a second statement, without a sign between them"),
    ("select 1 as id) as q select * from (select 2 as id", "closes a parenthesis", "leaves the parentheses"),
    ("with a as (select 1 as id) select * from a", "does not begin with SELECT", "SQL Server wants it outside"),
    ("select id into other from a", "the word into", "makes a table"),
    ("select id from a -- all", "'--'", "hides what follows"),
]


@pytest.mark.parametrize(("query", "told", "why"), QUERIES, ids=[case[0] for case in QUERIES])
def test_a_query_of_a_database_that_cannot_be_told_to_read_only(problems, query, told, why):
    shop = SHOP.replace("${SHOP_URL}", "sqlserver://u@db.example/shop")
    found = problems(re.sub("table: customers\n", lambda _: f"query: {json.dumps(query)}\n", shop, count=1))
    assert len(found) == bool(told), (why, found)
    assert not told or (told in found[0] and "in parentheses" in found[0])


@pytest.mark.parametrize(
    "text",
    [
        "url: sqlserver://u@10.0.0.8:1433/db\n  tls: none",
        "url: mysql://u@10.0.0.8:3307/db\n  tls: none",
        "url: mariadb://u@db.example/db\n  private: true\n  statement_timeout: 2 minutes",
        "url: postgresql:///db?host=/run/postgresql&user=u",
        "url: mysql://u@/db?socket=/run/mysqld/mysqld.sock",
    ],
)
def test_what_may_be_said(problems, text):
    assert problems(SHOP.replace("url: ${SHOP_URL}", text)) == []
