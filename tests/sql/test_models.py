"""Each YAML file beside this one: rows given, a model brought up to date through a whole run, rows expected."""

from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from hub.config.attributes import Attribute
from hub.config.models import HubConfig
from hub.models import histories, loader
from hub.models.graph import depends_on, reads_firms, reads_matching
from hub.models.text import references
from tests.sql.lake import ROOT, Lake, entity_hub, staged

HERE = Path(__file__).parent
CASES = sorted(HERE.glob("*/*/*.yaml"))
SHIPPED = loader.load(ROOT / "sql")
TABLES = histories.with_twins(SHIPPED)


def needed(model: str) -> set[str]:
    """The model with all that it and the checks on the way read."""
    found: set[str] = set()
    waiting = {model}
    while waiting:
        table = TABLES[waiting.pop()]
        found.add(table.full_name)
        waiting |= (depends_on(table) | {name for each in table.checks for name in references(each.sql)}) - found
    return found


def test_every_model_has_a_case():
    found = {f"{path.parts[-3]}.{path.parts[-2]}" for path in CASES}
    assert set(SHIPPED) <= found <= set(TABLES), "all twins are made alike: see test_histories"


def case_of(path: Path):
    """A case; `matched` where who is who has to be worked out first, which is fifty statements."""
    chain = (TABLES[name] for name in needed(f"{path.parts[-3]}.{path.parts[-2]}"))
    matched = any(reads_matching(table) or reads_firms(table) for table in chain)
    return pytest.param(path, id=f"{path.parent.name}-{path.stem}", marks=pytest.mark.matched if matched else ())


@pytest.mark.parametrize("path", [case_of(path) for path in CASES])
def test_model(path, make_lake):
    case = yaml.load(path.read_text(), yaml.BaseLoader)
    trust = {source: int(given) for source, given in case.get("sources", {}).items()}
    hub = entity_hub(trust, history="history" in case)
    rules = {"survivorship": case.get("survivorship", {}), **case.get("hub", {})}
    declared = {name: Attribute.model_validate(each) for name, each in case.get("attributes", {}).items()}
    rules = HubConfig.model_validate({**hub.hub.model_dump(), **numbers(rules)})
    hub = hub.model_copy(update={"hub": rules, "attributes": declared})
    lake: Lake = make_lake(hub, tables=needed(case["model"]))
    for run in [case, *case.get("then", [])]:
        for table, rows in run.get("given", {}).items():
            put(lake, table.removeprefix("conformed."), rows)
        for erased in run.get("erased", []):
            lake.erase(erased)
        for left, right, together in run.get("decided", []):
            lake.decide(left, right, int(together))
        for proof in run.get("verified", []):
            lake.verify(*proof)
        for company, other, together in run.get("companies", []):
            lake.put_together(company, other, {"true": True, "false": False}.get(together))
        for anchor, edit in run.get("edits", {}).items():
            lake.edit(anchor, edit)
        lake.run()
        lake.now += timedelta(days=1)
        columns = list(dict.fromkeys(name for row in run["expect"] for name in row)) or None
        expected = [tuple(row.get(name) for name in columns or ()) for row in run["expect"]]
        assert lake.rows(case["model"], columns) == sorted(expected, key=str), run.get("why", case["why"])


def numbers(value):
    """The rows of a case are texts; whole numbers of its rules are numbers."""
    if isinstance(value, dict):
        return {name: numbers(each) for name, each in value.items()}
    if isinstance(value, list):
        return [numbers(each) for each in value]
    return int(value) if isinstance(value, str) and value.isdigit() else value


def put(lake: Lake, entity: str, rows: list[dict[str, str]]) -> None:
    """Publish the rows: one pull for each source and `pull` that they name, in that order."""
    pulls: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in rows:
        fields = dict(row)
        source = fields.pop("source", next(iter(lake.deployment.sources)))
        pulls.setdefault((fields.pop("pull", "1"), source), []).append(staged(entity, fields))
    for (_, source), some in sorted(pulls.items(), key=lambda each: each[0]):
        lake.pull(source, entity, some)
