"""1,400 attributes of one YAML, from a dropped file by the real pull to the golden record, its profile and reports."""

import json

import pytest
import yaml

from hub import aws
from hub.config import load
from hub.customers.attributes import parsed
from hub.errors import ConfigError
from hub.pulls import PullTask
from hub.pulls.engine import Engine
from hub.settings import PullSettings
from tests.sql.lake import entity_hub
from tests.sql.test_models import needed

MANY = 1_400
ODD = ["a=b", "line\nline", "back\\slash", "\\n", "\r\n", "नमस्ते", "🙂", " ", "'quoted'", "=", "x" * 10_000]
KINDS = {"varchar": ODD, "integer": [-1, 0, 7], "boolean": [True, False], "date": ["2024-02-29"]}
KINDS |= {"decimal(18,4)": ["12.5000"], "double": [0.5, 1e300]}


def declared(count: int) -> dict[str, dict]:
    kinds = list(KINDS)
    return {
        f"trait_{n:04d}": {"type": kinds[n % len(kinds)], "description": f"Trait {n}.", "reported": n < 12}
        for n in range(count)
    }


def folder(place, attributes: dict[str, dict], columns: dict[str, dict] | None = None):
    """A deployment folder whose one source gives every attribute by a column of its own name."""
    given = {"source_key": {"type": "varchar", "required": True}, "full_name": {"type": "varchar", "personal": "name"}}
    given |= columns or {name: {"type": each["type"], "attribute": name} for name, each in attributes.items()}
    data_set = {
        "description": "People.", "fetch": {"pattern": "*.jsonl", "format": "jsonl"},
        "frequency": {"class": "on-demand"}, "keys": {"business": ["source_key"]}, "columns": given,
        "entity": {"customer": {"source_key": "source_key", "full_name": "full_name"}},
    }  # fmt: skip
    source = {"name": "crm", "description": "CRM.", "owner": "tests", "trust": 50, "connector": "files"}
    (place / "sources").mkdir(parents=True)
    (place / "hub.yaml").write_text("{name: fixture, currency: INR, country: IN}")
    (place / "sources/crm.yaml").write_text(yaml.safe_dump({**source, "data_sets": {"customer": data_set}}))
    (place / "attributes.yaml").write_text(yaml.safe_dump(attributes))
    return load(place)


def pull(lake, rows: list[dict]) -> None:
    lines = "\n".join(json.dumps(row) for row in rows)
    key = f"drop/crm/people-{lake.now:%d}.jsonl"
    aws.client("s3").put_object(Bucket=lake.vault, Key=key, Body=lines.encode())
    settings = PullSettings(
        stage=lake.stage, control_table=lake.control, vault_bucket=lake.vault, event_bus=lake.stage,
        token_key_parameter="/hub/token-key",
    )  # fmt: skip
    engine = Engine(lake.deployment, settings, b"k" * 64, now=lake.now.timestamp)
    engine.carry_on(PullTask(source="crm", data_set="customer"), lambda: 300_000)


def written(value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_1400_attributes_go_there_and_back(make_lake, tmp_path):
    attributes = declared(MANY)
    choices = {name: KINDS[each["type"]] for name, each in attributes.items()}
    full = {name: some[at % len(some)] for at, (name, some) in enumerate(choices.items())}
    lake = make_lake(entity_hub(), tables=needed("reporting.customer_attribute") | needed("vault.customer"))
    lake.deployment = folder(tmp_path / "many", attributes)
    lake.sync()
    aws.client("events").create_event_bus(Name=lake.stage)
    pull(lake, [{"source_key": "1", "full_name": "Asha", **full}, {"source_key": "2", "full_name": "Ravi"}])
    lake.run()
    texts = dict(lake.rows("vault.customer", ["full_name", "attributes"]))
    found = parsed(texts["Asha"])
    numbers = {name for name, each in attributes.items() if each["type"] == "double"}
    assert found.keys() == full.keys(), "every one of them"
    assert {name: found[name] for name in found if name not in numbers} == {
        name: written(value) for name, value in full.items() if name not in numbers
    }
    assert all(float(found[name]) == full[name] for name in numbers)
    assert texts["Ravi"] is None
    reported = lake.rows("reporting.customer_attribute", ["attribute", "value"])
    told = {name: found[name] if name in numbers else written(full[name]) for name in full}
    assert dict(reported) == {name: told[name] for name in list(full)[:12]}


SHOE = {"type": "integer", "description": "Size."}
GIVES = {"type": "integer", "attribute": "shoe"}
WRONG = [
    ({"shoe": SHOE}, {"size": {**GIVES, "attribute": "shoes"}}, "'shoes' is not in attributes.yaml"),
    ({"shoe": SHOE}, {"size": {**GIVES, "type": "varchar"}}, "'shoe' is integer, this column varchar"),
    ({"shoe": SHOE}, {"a": GIVES, "b": GIVES}, "'shoe' is given by 'a' already"),
    ({"shoe": {**SHOE, "personal": "id", "reported": True}}, {"a": GIVES}, "reports hold nothing personal"),
    ({"shoe": {**SHOE, "type": "number"}}, {"a": GIVES}, "attributes.yaml:3: type: 'number' does not fit"),
    ({"shoe": {"type": "integer"}}, {"a": GIVES}, "attributes.yaml:1: .*description"),
    ({f"a{n}": SHOE for n in range(2_001)}, {"a": {"type": "integer"}}, "at most 2000 fit"),
]


@pytest.mark.parametrize(("attributes", "columns", "problem"), WRONG, ids=[each[2] for each in WRONG])
def test_what_is_wrong_is_told(tmp_path, attributes, columns, problem):
    with pytest.raises(ConfigError, match=problem):
        folder(tmp_path, attributes, columns)


def test_a_new_attribute_is_a_line_and_its_values_are_checked(make_lake, tmp_path):
    """No code and no table changes: a line of attributes.yaml, and `attribute:` at the column that gives it."""
    lake = make_lake(entity_hub(), tables=needed("reporting.customer_attribute"))
    shoe = {"type": "integer", "description": "Size of shoes.", "between": [15, 55], "reported": True}
    lake.deployment = folder(tmp_path / "one", {"shoe": shoe})
    lake.sync()
    aws.client("events").create_event_bus(Name=lake.stage)
    pull(lake, [{"source_key": "1", "full_name": "Asha", "shoe": 38, "diet": "vegan"}])
    lake.run()
    assert lake.rows("reporting.customer_attribute", ["attribute", "value", "number"]) == [("shoe", "38", "38.0")]

    diet = {"type": "varchar", "description": "What he eats.", "values": ["vegan", "any"], "reported": True}
    lake.deployment = folder(tmp_path / "two", {"shoe": shoe, "diet": diet})
    lake.sync()
    lake.now = lake.now.replace(day=lake.now.day + 1)
    people = [("1", 38, "vegan"), ("2", 99, "any"), ("3", 40, "stones"), ("4", 41, "any")]
    pull(lake, [{"source_key": key, "full_name": f"N{key}", "shoe": shoe, "diet": diet} for key, shoe, diet in people])
    lake.run()
    found = lake.rows("reporting.customer_attribute", ["attribute", "value"])
    assert found == [("diet", "any"), ("diet", "vegan"), ("shoe", "38"), ("shoe", "41")], "two rows broke a check"
