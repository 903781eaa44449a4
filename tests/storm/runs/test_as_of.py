"""A table gets the column `_as_of` in its order after it has rows: they are found by it at once."""

from datetime import timedelta

from tests.sql.lake import entity_hub, home_of
from tests.storm.runs.small import order, small_models


def test_rows_from_before_the_column_are_still_updated(make_lake, tmp_path):
    models = small_models(tmp_path / "models")
    lake = make_lake(entity_hub(), models)
    lake.pull("crm", "sales_order", [order("o1", "new", 1), order("o2", "new", 5)])
    lake.run()
    for file, old, new in (
        ("table.yaml", "order: [changed_at", "order: [_as_of, changed_at"),
        ("model.sql", "changed_at, _pull_seq", "changed_at, _as_of, _pull_seq"),
    ):
        path = models / "reporting/plain" / file
        path.write_text(path.read_text().replace(old, new))
    home_of(lake.home, [models])
    lake.sync()
    lake.now += timedelta(hours=1)
    lake.pull("crm", "sales_order", [order("o1", "paid", 2), order("o2", "older", 4)])
    lake.run()
    expected = [("o1", "paid"), ("o2", "new")]
    assert lake.rows("reporting.plain", ["record_key", "status"]) == expected
    lake.now += timedelta(hours=1)
    lake.pull("crm", "sales_order", [order("o1", "late", 1)])
    lake.run()
    assert lake.rows("reporting.plain", ["record_key", "status"]) == expected, "and a late row changes nothing"
