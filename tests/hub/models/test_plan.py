import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hub.models import ddl, graph, histories, loader
from hub.models.plan import Known, make
from hub.models.records import Release
from tests.sql.lake import ROOT, entity_hub

TABLES = graph.asked(histories.with_twins(loader.load(ROOT / "sql")), entity_hub())
BY_DAY = {"vault.erasure", "vault.customer_redirect", "reporting.customer", "reporting.sales_forecast"}  # by the run
BY_DAY |= {"reporting.customer_standing", "reporting.customer_count"}
BY_DAY |= {"reporting.company"}
AT = datetime(2026, 1, 1, tzinfo=UTC)
PULLS = {f"crm.{entity}": 3 for entity in ("customer", "product", "sales_order", "order_line", "interaction")}
STORED = {
    f"t_{name}": {column: ddl.ddl_type(kind) for column, kind in table.physical.items()}
    for name, table in TABLES.items()
}
FIRST = Known(
    entity_hub(), TABLES, "t", "r20260101T000000aaaa", AT, None, PULLS, {}, {"vault": "s3://v", "reporting": "s3://r"}
)


def after_release(**changes) -> Known:
    """The next run on a release of FIRST."""
    made = make(FIRST)
    release = Release(
        release_id=FIRST.run_id,
        run_id=FIRST.run_id,
        tables=dict.fromkeys(TABLES, "7"),
        names=made.names,
        pulls=PULLS,
        fingerprints=made.fingerprints,
        layouts=made.layouts,
        released_at="2026-01-01T00:00:00Z",
        sql_version=made.sql_version,
    )
    return replace(FIRST, run_id="r20260102T000000aaaa", release=release, stored=STORED, **changes)


def text(plan, step: str) -> str:
    return "\n".join(statement.sql for statement in plan.steps[step].statements)


def written(plan) -> set[str]:
    return {step.name for step in plan.steps.values() if step.kind == "write"}


def test_files_of_persons_are_written_anew_for_a_single_erasure():
    plan, eager = make(FIRST), "'optimize_rewrite_delete_file_threshold' = '1'"
    made = {name for name in TABLES if eager in text(plan, name)}
    assert made == {name for name, table in TABLES.items() if any(c.personal != "none" for c in table.columns.values())}
    assert {"vault.source_customer", "vault.contact_point", "vault.customer"} <= made


def test_the_first_run_makes_every_table_and_reads_everything():
    plan = make(FIRST)
    assert written(plan) == set(TABLES)
    sql = text(plan, "vault.source_customer")
    assert sql.startswith("CREATE TABLE IF NOT EXISTS t_vault.source_customer (\n    `record_key` string,")
    assert "pull_id > 'crm.customer.00000000' and pull_id <= 'crm.customer.00000003'" in sql


def test_a_column_that_no_pull_has_brought_yet_is_null():
    known = replace(FIRST, staged={"t_staging.crm_customer": {"id": "string", "name": "string"}})
    sql = text(make(known), "vault.source_customer")
    assert re.search(r"from \(select \*, .*cast\(null as varchar\) as email.* from t_staging.crm_customer\)", sql)
    assert "from t_staging.crm_customer\n" in text(make(FIRST), "vault.source_customer")


@pytest.mark.parametrize(
    ("ready", "expected", "why"),
    [
        ({}, BY_DAY, "the erasure list may have grown, and everybody is a day older"),
        (
            {"crm.product": 4},
            BY_DAY | {"reporting.product"},
            "products touch nothing else",
        ),
        (
            {"crm.sales_order": 4},
            BY_DAY | {"reporting.sales_order", "reporting.order_line", "reporting.interaction"},
            "orders touch their lines and the time line",
        ),
    ],
)
def test_what_has_no_news_is_not_written(ready, expected, why):
    assert written(make(after_release(ready=PULLS | ready))) == expected, why


ERASED = ({"record_key": "r1", "customer_id": None, "asked_at": "2026-01-01 00:00:00"},)


def test_an_erasure_is_news_for_all_that_holds_persons():
    known = after_release(erasures=ERASED)
    plan = make(known)
    assert written(plan) == {
        "vault.erasure", "vault.source_customer", "vault.contact_point", "vault.customer_match", "vault.customer",
        "vault.customer_redirect", "vault.household", "vault.match_doubt",
        "vault.source_supplier", "vault.source_employee", "reporting.customer", "reporting.customer_key",
        "reporting.sales_forecast", "vault.claim", "vault.discrepancy", "vault.customer_version",
        "vault.customer_attributes", "reporting.customer_attribute",
        "reporting.customer_standing", "reporting.customer_count", "reporting.company",
    }  # fmt: skip
    first, second, *_ = [each.sql for each in plan.steps["vault.source_customer"].statements]
    erased = "(SELECT record_key FROM t_vault.erasure WHERE NOT _deleted)"
    assert first == f"DELETE FROM t_vault.source_customer WHERE record_key IN {erased}"
    assert second.startswith("MERGE INTO t_vault.source_customer")
    obeyed = replace(known, release=known.release.model_copy(update={"erased": plan.erased}))
    assert "vault.source_customer" not in written(make(obeyed)), "the release has obeyed this list"


def test_a_window_goes_on_where_the_release_ended():
    sql = text(make(after_release(ready=PULLS | {"crm.sales_order": 5})), "reporting.sales_order")
    assert "pull_id > 'crm.sales_order.00000003' and pull_id <= 'crm.sales_order.00000005'" in sql


def test_changed_sql_reads_everything_again():
    known = after_release()
    changed = replace(
        TABLES["reporting.product"],
        sql=TABLES["reporting.product"].sql.replace("product.name,", "lower(product.name) as name,"),
    )
    plan = make(replace(known, tables={**TABLES, "reporting.product": changed}))
    assert "pull_id > 'crm.product.00000000'" in text(plan, "reporting.product")
    assert "reporting.sales_order" not in plan.steps


def test_after_a_failed_run_everything_is_put_back_first():
    plan = make(after_release(dirty=True))
    assert written(plan) == set(TABLES)
    statements = [each.sql for each in plan.steps["reporting.sales_order"].statements]
    assert statements[0] == "DELETE FROM t_reporting.sales_order WHERE _run_id > 'r20260101T000000aaaa'"
    assert "FROM t_reporting.sales_order FOR VERSION AS OF 7 AS old" in statements[1]
    assert statements[2].startswith("MERGE INTO t_reporting.sales_order")


def test_the_matching_reads_its_own_last_release():
    plan = make(after_release(ready=PULLS | {"crm.customer": 4}))
    assert "from t_vault.customer_match FOR VERSION AS OF 7 where not _deleted" in text(plan, "vault.customer_match")
    assert "FOR VERSION AS OF" not in text(make(FIRST), "vault.customer_match")


PRODUCT = TABLES["reporting.product"]
COLUMNS = STORED["t_reporting.product"]


@pytest.mark.parametrize(
    ("stored", "layout", "expected", "why"),
    [
        (None, None, ddl.Shape("product", create=True), "there is none"),
        (COLUMNS, ddl.table_layout(PRODUCT), ddl.Shape("product"), "it is as it should be"),
        (
            {k: v for k, v in COLUMNS.items() if k != "active"},
            ddl.table_layout(PRODUCT),
            ddl.Shape("product", add={"active": "boolean"}),
            "a new column",
        ),
        (
            COLUMNS | {"name": "bigint"},
            None,
            ddl.Shape("product__r2", create=True),
            "another type, never released: nothing to keep",
        ),
        (
            COLUMNS | {"name": "bigint"},
            ddl.table_layout(PRODUCT),
            ddl.Shape("product__r2", create=True, copy=tuple(PRODUCT.physical)),
            "another type",
        ),
        (
            COLUMNS,
            "merge (record_key) by (month(x))",
            ddl.Shape("product__r2", create=True, copy=tuple(PRODUCT.physical)),
            "other partitions",
        ),
    ],
)
def test_a_table_is_made_widened_or_built_anew(stored, layout, expected, why):
    assert ddl.shape(PRODUCT, "r2", "product", stored, layout) == expected, why


def test_names_of_firms_are_compared_between_the_golden_records_and_the_companies():
    waves = make(FIRST).waves
    at = {name: number for number, wave in enumerate(waves) for name in wave}
    assert at["vault.customer"] < at["identity.firms"] < at["reporting.company"]
    assert at["identity.match"] < at["vault.customer"]
    assert "identity.firms" in make(after_release()).steps and "identity.match" not in make(after_release()).steps
