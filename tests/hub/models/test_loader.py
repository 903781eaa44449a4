import pytest

from hub.errors import ConfigError
from hub.models import graph, lint

GOOD = """description: One row per thing.
kind: merge
key: [id]
order: [changed_at, _pull_seq]
columns:
  id: {type: varchar, required: true}
  changed_at: {type: timestamp, required: true}
"""
SQL = "select record_key as id, changed_at, _pull_seq from conformed.product"


@pytest.mark.parametrize(
    ("change", "line", "message", "why"),
    [
        (("kind: merge", "kind: marge"), 2, "kind: is 'marge'", "a misspelt kind"),
        (("key: [id]", "key: [idd]"), 3, "'idd' is not a required column", "a key that is no column"),
        (("key: [id]\n", ""), 2, "merge needs `key` and `order`", "no key"),
        (("[changed_at, _pull_seq]", "[changed]"), 4, "'changed' is neither", "an order that is no column"),
        (("type: varchar", "type: string"), 6, "type 'string' is not one of", "Hive's name of a type"),
        (
            ("required: true}\n  changed", "requird: true}\n  changed"),
            6,
            "unknown field 'requird'",
            "a misspelt option",
        ),
        (("description: One row per thing.\n", ""), 1, "description: is missing", "nobody says what a row is"),
        (("kind: merge", "kind: merge\nhistory: true"), 3, "begins with _as_of", "no order for versions"),
        (("kind: merge", "kind: merge\npartition: [id]"), 3, "partition: unknown field", "a misspelt field"),
        (("kind: merge", "kind: merge\npartitions: [weak(id)]"), 3, "is not a column", "an unknown transform"),
        (
            ("kind: merge", "kind: merge\nforeign_keys: [{columns: [x], references: vault.y, orphan: hold}]"),
            3,
            "not columns",
            "a key of no column",
        ),
        (
            ("kind: merge", "kind: merge\nforeign_keys: [{columns: [id], references: y, orphan: drop}]"),
            3,
            "not hold or unknown",
            "an unknown rule",
        ),
        (
            ("id: {type: varchar, required: true}", "id: {type: varchar, required: true, personal: secret}"),
            6,
            "personal 'secret'",
            "an unknown class",
        ),
    ],
)
def test_a_mistake_names_file_line_field_and_remedy(models, change, line, message, why):
    with pytest.raises(ConfigError) as caught:
        models({"vault.thing": (GOOD.replace(*change), SQL)})
    assert any(
        each.startswith(f"sql/vault/thing/table.yaml:{line}: ") and message in each for each in caught.value.problems
    ), (
        why,
        caught.value.problems,
    )


def test_all_mistakes_are_told_at_once(models):
    with pytest.raises(ConfigError) as caught:
        models({"vault.a": (GOOD.replace("merge", "x"), SQL), "vault.b": (GOOD.replace("varchar", "text"), SQL)})
    assert len(caught.value.problems) == 2


def test_a_check_needs_its_rule_and_its_end(models):
    with pytest.raises(ConfigError) as caught:
        models({"vault.thing": (GOOD, SQL, "select id from vault.thing;\n-- Fine.\nselect id\nfrom vault.thing")})
    assert [each.split(": ", 1)[0] for each in caught.value.problems] == [
        "sql/vault/thing/checks.sql:1",
        "sql/vault/thing/checks.sql:4",
    ]


@pytest.mark.parametrize(
    ("sql", "place", "message", "why"),
    [
        (
            "select record_key as id, changed_at\nfrom conformed.product",
            1,
            "no column '_pull_seq'",
            "a column is missing",
        ),
        (SQL.replace("as id", "as idd"), 1, "gives 'idd'", "a column too many"),
        (
            "select record_key as id, trim(changed_at) as changed_at,\n_pull_seq from conformed.product",
            1,
            "trim",
            "a function that differs",
        ),
    ],
)
def test_the_select_gives_what_the_table_lists(models, sql, place, message, why):
    with pytest.raises(ConfigError) as caught:
        lint.check_all(models({"vault.thing": (GOOD, sql)}))
    assert any(
        each.startswith(f"sql/vault/thing/model.sql:{place}: ") and message in each for each in caught.value.problems
    ), why


def table(reads: str) -> tuple[str, str]:
    return GOOD.replace("order: [changed_at, _pull_seq]", "order: [changed_at]"), f"select id, changed_at from {reads}"


ERASURE = table("control.erasure")


@pytest.mark.parametrize(
    ("files", "expected", "why"),
    [
        (
            {"vault.a": table("conformed.product")},
            [["vault.erasure"], ["vault.a"]],
            "the erasure list comes before staging is read",
        ),
        (
            {"vault.b": table("vault.a"), "vault.a": table("vault.erasure")},
            [["vault.erasure"], ["vault.a"], ["vault.b"]],
            "one after the other",
        ),
        (
            {"vault.b": table("vault.erasure"), "vault.a": table("vault.erasure")},
            [["vault.erasure"], ["vault.a", "vault.b"]],
            "at once",
        ),
        ({"vault.a": table("vault.a")}, [["vault.a", "vault.erasure"]], "a table may read its own last release"),
        (
            {"vault.a": table("vault.erasure where id <> 'vault.b'")},
            [["vault.erasure"], ["vault.a"]],
            "a name in a text is no table",
        ),
    ],
)
def test_waves(models, files, expected, why):
    assert graph.waves(models({"vault.erasure": ERASURE, **files})) == expected, why


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"vault.a": table("vault.b"), "vault.b": table("vault.a")}, "vault.a, vault.b need each other"),
        ({"vault.a": table("vault.nowhere")}, "reads vault.nowhere, which is no model"),
    ],
)
def test_a_graph_that_cannot_be_built_says_why(models, files, message):
    with pytest.raises(ConfigError, match=message):
        graph.waves(models({"vault.erasure": ERASURE, **files}))
