"""A hub of two buckets, a catalogue and a control table, on a real Athena API: pulls are put in, runs are driven."""

import io
import json
import re
import shutil
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from hub import aws
from hub.capture import rules
from hub.companies.store import CompanyStore as Companies
from hub.config import ENTITIES, REFERENCES, Deployment
from hub.config.entities import conformed_reference
from hub.identity.run import Matching
from hub.models import loader, matching
from hub.models.athena import Athena
from hub.models.execution import Executor, Matches
from hub.models.names import released
from hub.models.planning import Planner
from hub.models.records import iso
from hub.models.releases import Releaser
from hub.models.store import RunStore
from hub.pulls.catalogue import Catalogue
from hub.pulls.models import Pull
from hub.pulls.objects import staging_folder
from hub.pulls.schema import staging_columns
from hub.settings import PlanSettings
from tests.sql.by_value import ByValue
from tests.stores import create_bucket, create_table

ROOT = Path(__file__).parents[2]
ARROW = {"string": pa.string(), "bigint": pa.int64(), "int": pa.int32(), "boolean": pa.bool_(), "double": pa.float64()}
ARROW |= {"date": pa.date32(), "timestamp": pa.timestamp("us")}
CONTROL = {"_batch": "integer", "_row": "integer", "_deleted": "boolean"}
FIRST_PULL = datetime(2026, 1, 1, tzinfo=UTC)

Row = dict[str, Any]


@dataclass
class Lake:
    """One stage of a hub. `deployment` may be replaced between runs, as may the models under `home`."""

    deployment: Deployment
    home: Path
    stage: str = field(default_factory=lambda: f"t{uuid.uuid4().hex[:8]}")
    now: datetime = FIRST_PULL

    def __post_init__(self) -> None:
        self.vault, self.reporting, self.control, self.consent = (
            f"{self.stage}-{name}" for name in ("vault", "reporting", "control", "consent")
        )
        s3, glue, dynamodb = aws.client("s3"), aws.client("glue"), aws.client("dynamodb")
        for bucket in (self.vault, self.reporting):
            create_bucket(s3, bucket)
        for zone in ("staging", "vault", "reporting", "scratch"):
            glue.create_database(DatabaseInput={"Name": f"{self.stage}_{zone}"})
        for table in (self.control, self.consent, f"{self.stage}-profiles"):
            create_table(dynamodb, table)
        aws.client("athena").create_work_group(
            Name=self.stage,
            Configuration={
                "ResultConfiguration": {"OutputLocation": f"s3://{self.vault}/scratch/athena/"},
                "EnforceWorkGroupConfiguration": False,
            },
        )
        self.store, self.athena = RunStore(self.control), Athena(self.stage)
        self.matching: Matches = ByValue(self.athena, self.store, self.stage, self.vault)
        self.releaser = Releaser(self.store, self.athena, self.stage, "default")
        settings = PlanSettings(
            stage=self.stage, hub_home=self.home, control_table=self.control, vault_bucket=self.vault,
            reporting_bucket=self.reporting, consent_table=self.consent,
        )  # fmt: skip
        self.planner = Planner(settings, self.store)
        self.sync()

    @property
    def executor(self) -> Executor:
        return Executor(self.store, self.athena, self.vault, self.matching)

    def match_in_earnest(self) -> None:
        """From here on runs match as they do in the product."""
        shipped(self.home)
        self.matching = Matching(self.store, self.athena, self.vault, self.stage, self.home)
        self.sync()

    def sync(self) -> None:
        """What the functions read under HUB_HOME follows the deployment."""
        from hub.config import compiled

        (self.home / "deployment.json").write_text(self.deployment.model_dump_json())
        compiled.read.cache_clear()
        loader.read.cache_clear()
        matching.read.cache_clear()

    def pull(self, source: str, data_set: str, rows: Iterable[Row], state: str = "complete") -> Pull:
        """Publish rows as the next pull of a data set, as the pull engine does; other states publish nothing."""
        name = f"{source}.{data_set}"
        seq = 1 + len(self.store.pulls_after(name, 0))
        pull = Pull(
            pull_id=f"{name}.{seq:08d}", source=source, data_set=data_set, pull_seq=seq, state=state,
            started_at=iso(self.now), ended_at=iso(self.now),
        )  # fmt: skip
        if state == "complete":
            rules = self.deployment.sources[source].data_sets[data_set]
            columns = staging_columns(rules)
            control = {"_pull_seq": seq, "_pulled_at": self.now.replace(tzinfo=None), "_batch": 1, "_deleted": False}
            full = [{**control, "_row": place, **row} for place, row in enumerate(rows, 1)]
            table = pa.table(
                {name: pa.array([row.get(name) for row in full], arrow(kind)) for name, kind in columns.items()}
            )
            sink = io.BytesIO()
            pq.write_table(table, sink, store_schema=False)
            aws.client("s3").put_object(
                Bucket=self.vault, Key=f"{staging_folder(pull)}batch-00001.parquet", Body=sink.getvalue()
            )
            catalogue = Catalogue(self.stage, self.vault)
            catalogue.ensure_table(source, data_set, rules)
            catalogue.publish(pull, rules)
        item = {**pull.model_dump(exclude_none=True), "pk": f"data_set#{name}", "sk": f"pull#{seq:08d}"}
        aws.table(self.control).put_item(Item=item)
        return pull

    def erase(self, record_key: str) -> None:
        """Put a record on the erasure list."""
        item = {"pk": "erasure", "sk": f"record#{record_key}", "customer_id": "c-erased", "asked_at": iso(self.now)}
        aws.table(self.control).put_item(Item=item)

    def decide(self, left: str, right: str, together: int) -> None:
        """A steward's decision of two records."""
        item = {"pk": "decision", "sk": f"pair#{left}#{right}", "together": together, "decided_by": "u-steward"}
        aws.table(self.control).put_item(Item={**item, "approved_by": "u-second", "decided_at": iso(self.now)})

    def put_together(self, company_id: str, other_id: str, together: bool | None) -> None:
        """A steward's decision that two companies are one (or are not); None takes both words back."""
        names = Companies(self.control)
        if together is None:
            names.take_back(company_id, other_id, iso(self.now))
        else:
            names.decide(company_id, other_id, together, "u-steward", iso(self.now))

    def edit(self, anchor: str, given: Mapping[str, Any] | str) -> None:
        """Pin or write values of a golden record (`<record_key>#<group>`), or take it back ("")."""
        key = {"pk": "edit", "sk": anchor}
        if not given:
            aws.table(self.control).delete_item(Key=key)
            return
        people = {"edited_by": "u-steward", "approved_by": "u-other", "edited_at": iso(self.now)}
        assert not isinstance(given, str)
        aws.table(self.control).put_item(Item={**key, **people, **given})

    def verify(self, record_key: str, group: str, value: str, state: str = "verified") -> None:
        """Somebody proves the value of a golden record that came from a record, or refuses it."""
        name = f"v-{uuid.uuid4().hex}"
        claim = rules.claim(name, record_key, group, value)
        item = {"pk": "verification", "sk": name, "verification_id": name, "method": "otp", "state": state}
        aws.table(self.consent).put_item(Item={**item, "claim": claim, "settled_at": iso(self.now)})

    def plan(self) -> str:
        return str(self.planner.plan("test", None, self.now)["run_id"])

    def execute(self, run_id: str) -> None:
        """What the state machine does with the waves."""
        for wave in self.store.run(run_id).waves:
            for name in wave:
                self.complete(run_id, name)

    def complete(self, run_id: str, name: str) -> None:
        """What the state machine does with one step."""
        while self.executor.advance(run_id, name, 0)["state"] != "succeeded":
            pass

    def run(self, maintain: bool = False) -> str:
        """A whole run, with its maintenance or without; the exception where it fails, after the machine's clean-up."""
        run_id = self.plan()
        try:
            self.execute(run_id)
            answer = self.releaser.release(run_id, self.now)
            for wave in answer["maintenance"] if maintain else ():
                for statement in wave["statements"]:
                    self.complete(run_id, statement["name"])
        except Exception as error:
            self.releaser.fail(run_id, str(error), self.now)
            raise
        self.releaser.finish(run_id)
        return run_id

    def query(self, sql: str) -> list[dict[str, str | None]]:
        return list(self.athena.query(sql, uuid.uuid4().hex, 180))

    def rows(self, table: str, columns: Iterable[str] | None = None) -> list[tuple[str | None, ...]]:
        """The released rows of a table that readers see, as texts, in order."""
        release = self.store.current_release()
        assert release is not None
        listed = list(columns or loader.read(self.home)[table].columns)
        found = self.query(f"select {', '.join(listed)} from {released(release, table, self.stage)} where not _deleted")
        return sorted((tuple(_short(row[name]) for name in listed) for row in found), key=str)


def _short(text: str | None) -> str | None:
    """Times without the zeros after the second."""
    return re.sub(r"(:\d\d)\.0+$", r"\1", text) if text else text


def arrow(kind: str) -> pa.DataType:
    if kind.startswith("decimal"):
        size, scale = kind[8:-1].split(",")
        return pa.decimal128(int(size), int(scale))
    return ARROW[kind]


def entity_hub(
    sources: Mapping[str, int] | None = None, time_zone: str = "Asia/Kolkata", history: bool = False
) -> Deployment:
    """A deployment whose sources (name -> trust) give every entity with the entity's own columns, one data set each."""
    given = sources or {"crm": 50}
    return Deployment.model_validate(
        {
            "name": "fixture",
            "hub": {"name": "fixture", "time_zone": time_zone, "currency": "INR", "country": "IN"},
            "sources": {
                name: {
                    "name": name, "description": "A source of the tests.", "owner": "tests", "trust": trust,
                    "connector": "files", "data_sets": {entity: _data_set(entity, history) for entity in ENTITIES},
                }
                for name, trust in given.items()
            },
        }
    )  # fmt: skip


def _data_set(entity: str, history: bool) -> Row:
    columns = ENTITIES[entity]
    return {
        "description": f"Rows of {entity}.",
        "fetch": {"pattern": "*.jsonl", "format": "jsonl"},
        "frequency": {"class": "on-demand"},
        "keys": {"business": ["source_key"]},
        "history": history,
        "columns": {name: {"type": kind} for name, kind in columns.items()},
        "entity": {entity: {name: name for name in columns}},
    }


def staged(entity: str, given: Mapping[str, Any]) -> Row:
    """A fixture's conformed row as staging holds it: `record_key` and references become the pull's tokens."""
    row = dict(given)
    found: Row = {"_record_key": row.pop("record_key")}
    for name, kind in ENTITIES[entity].items():
        if name in REFERENCES:
            found[f"_ref_{name}"] = row.pop(conformed_reference(name), None)
        elif name in row:
            found[name] = typed(row.pop(name), kind)
    if "pulled_at" in row:
        found["_pulled_at"] = typed(row.pop("pulled_at"), "timestamp")
    found |= {name: typed(row.pop(name), kind) for name, kind in CONTROL.items() if name in row}
    assert not row, f"a row of {entity} has no {sorted(row)}"
    return found


def typed(value: Any, kind: str) -> Any:
    """A fixture's value, a text as a rule, in the type of its column; None and the text "null" are null."""
    if value is None or value == "null":
        return None
    if kind.startswith("decimal"):
        return Decimal(str(value)).quantize(Decimal("0.0001"))
    if kind == "timestamp":
        return datetime.fromisoformat(str(value))
    if kind == "date":
        return date.fromisoformat(str(value))
    if kind == "boolean":
        return str(value).lower() == "true"
    return int(value) if kind in ("integer", "bigint") else str(value)


def home_of(folder: Path, roots: Iterable[Path], tables: set[str] | None = None) -> Path:
    """A HUB_HOME with the models of the roots, or some of them, in their compiled form."""
    for root in roots:
        for path in root.glob("*/*/*"):
            if tables is not None and f"{path.parts[-3]}.{path.parts[-2]}" not in tables:
                continue
            to = folder / "sql" / path.relative_to(root)
            to.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".yaml":
                to.with_suffix(".json").write_text(_as_json(path.read_text()))
            else:
                shutil.copyfile(path, to)
    (folder / "sql/identity").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / "sql/identity/records.sql", folder / "sql/identity/records.sql")
    (folder / "sql/jobs").mkdir(exist_ok=True)
    (folder / "sql/jobs/titles.json").write_text(_as_json((ROOT / "sql/jobs/titles.yaml").read_text()))
    return folder


@cache
def _as_json(text: str) -> str:
    """Each hub of the tests compiles the same few files; YAML is slow to read."""
    return json.dumps(yaml.safe_load(text), default=str)


def shipped(home: Path) -> None:
    """Put what the matcher knows beside the models."""
    for path in (ROOT / "sql/identity").iterdir():
        if path.suffix == ".yaml":
            (home / "sql/identity" / f"{path.stem}.json").write_text(_as_json(path.read_text()))
        else:
            shutil.copyfile(path, home / "sql/identity" / path.name)
