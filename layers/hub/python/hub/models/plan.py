"""What a run will do: for each table its statements, in waves. Pure: everything it needs to know is given."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from hub.config import Deployment, attributes, clocks, leads, standing, survivorship
from hub.models import companies, ddl, edits, graph, jobs, verified
from hub.models.clauses import Rows
from hub.models.conformed import Staged
from hub.models.matching import FIRM_NAMES, FIRMS, MATCH, NO_MATCHING, SINCE, Matching
from hub.models.names import CONFORMED, CONTROL, IDENTITY, current, physical
from hub.models.records import Release
from hub.models.render import Renderer, Statement
from hub.models.table import Table
from hub.models.text import references, replace_tables

DECISIONS = f"{CONTROL}.decision"
CHECK, MAINTAIN = "check.", "maintain."
RUN_COLUMNS = {
    "run_id": "varchar",
    "started_at": "timestamp",
    "time_zone": "varchar",
    "currency": "varchar",
    "country": "varchar",
}
ERASURE_COLUMNS = {"record_key": "varchar", "customer_id": "varchar", "asked_at": "timestamp"}
DECISION_COLUMNS = {
    "left_key": "varchar",
    "right_key": "varchar",
    "together": "integer",
    "decided_by": "varchar",
    "approved_by": "varchar",
    "decided_at": "timestamp",
}
ANY_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
ANY_STAGE = "any"

Columns = Mapping[str, str]


@dataclass(frozen=True)
class Known:
    """What the plan is made from.

    ready: data set -> last pull that may be read. stored: "<database>.<table>" -> columns with Glue's types.
    dirty: a run after the release has written and was not released. erasures: record_key, customer_id, asked_at.
    locations: zone -> "s3://bucket/prefix" below which its tables lie. staged: staging's tables -> their columns.
    decisions: left_key, right_key, together, ... matching: what gives the records to match, and what matches them.
    edits: rows of edits.COLUMNS. proved: rows of verified.COLUMNS. job_words: rows of jobs.COLUMNS.
    companies: rows of companies.COLUMNS.
    """

    deployment: Deployment
    tables: Mapping[str, Table]
    stage: str
    run_id: str
    started_at: datetime
    release: Release | None
    ready: Mapping[str, int]
    stored: Mapping[str, Columns]
    locations: Mapping[str, str]
    erasures: Rows = ()
    decisions: Rows = ()
    matching: Matching = NO_MATCHING
    dirty: bool = False
    staged: Mapping[str, Columns] = field(default_factory=dict)
    edits: Rows = ()
    proved: Rows = ()
    job_words: Rows = ()
    companies: Rows = ()

    def released_pull(self, data_set: str) -> int:
        return self.release.pulls.get(data_set, 0) if self.release else 0

    def gives(self, data_set: str, conformed: str) -> bool:
        """Whether `conformed.<conformed>` has rows of the data set."""
        givers = _staged(self, {}, {}).givers(conformed)
        return data_set in {f"{source.name}.{name}" for source, name, _ in givers}


@dataclass(frozen=True, slots=True)
class PlannedStep:
    name: str
    kind: Literal["write", "check", "maintain", "match"]
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class Plan:
    """waves: step names; those of a wave may run at once. names: full name -> physical name to write and release."""

    waves: list[list[str]]
    steps: dict[str, PlannedStep]
    maintenance: list[str]
    names: dict[str, str]
    fingerprints: dict[str, str]
    layouts: dict[str, str]
    columns: dict[str, dict[str, str]]
    erased: str
    decided: str

    @property
    def sql_version(self) -> str:
        return _hash(*(f"{name}={print_}" for name, print_ in sorted(self.fingerprints.items())))[:12]


def make(known: Known) -> Plan:
    """The plan of a run. ConfigError where the models do not fit together."""
    order = graph.waves(dict(known.tables))
    neutral = _neutral(known)
    fingerprints = {name: _fingerprint(known, neutral, table) for name, table in known.tables.items()}
    shapes = {name: _shape(known, table) for name, table in known.tables.items()}
    names = {name: shape.name for name, shape in shapes.items()}
    renderer = _renderer(known, names)
    idle = _idle(known, order, fingerprints, shapes)
    steps = {}
    for name, table in known.tables.items():
        if name not in idle:
            windows = _windows(known, table, fingerprints[name])
            seeded = () if _goes_on(known, table, fingerprints[name]) else (name,)
            own = replace(renderer, staged=_staged(known, windows, names), seeded=seeded if table.history_of else ())
            steps[name] = PlannedStep(name, "write", tuple(_statements(known, own, table, shapes[name])))
        if not ({name} | _checked(table)) <= idle:
            steps[CHECK + name] = PlannedStep(CHECK + name, "check", (Statement(renderer.check(table)),))
        steps[MAINTAIN + name] = PlannedStep(
            MAINTAIN + name, "maintain", _maintenance(current(name, known.stage, names))
        )
    if readers := {name for name, table in known.tables.items() if graph.reads_matching(table)} - idle:
        steps[MATCH] = PlannedStep(MATCH, "match", _matched(known, names))
        order = _before(readers, MATCH, order)
    if readers := {name for name, table in known.tables.items() if graph.reads_firms(table)} - idle:
        compared = Statement(replace_tables(FIRM_NAMES, lambda name: _stored(known, names, name)))
        steps[FIRMS] = PlannedStep(FIRMS, "match", (compared,))
        order = _before(readers, FIRMS, order)
    waves = [*order, [CHECK + name for name in sorted(known.tables)]]
    return Plan(
        waves=[found for wave in waves if (found := [name for name in wave if name in steps])],
        steps=steps,
        maintenance=[MAINTAIN + name for name in sorted(known.tables)],
        names=names,
        fingerprints=fingerprints,
        layouts={name: ddl.table_layout(table) for name, table in known.tables.items()},
        columns={name: table.physical for name, table in known.tables.items()},
        erased=_erased(known),
        decided=_decided(known),
    )


def _before(readers: set[str], step: str, order: list[list[str]]) -> list[list[str]]:
    """The waves with a step of its own before the first that reads what it leaves."""
    first = next(at for at, wave in enumerate(order) if readers & set(wave))
    return [*order[:first], [step], *order[first:]]


def _stored(known: Known, names: Mapping[str, str], name: str, more: str = "") -> str:
    """The rows of a table as the run has written it."""
    columns = ", ".join(known.tables[name].selected)
    return f"(select {columns} from {current(name, known.stage, names)} where not _deleted{more})"


def _erased(known: Known) -> str:
    """Fingerprint of the erasure list; "" where it is empty."""
    return _hash(*(str(row["record_key"]) for row in known.erasures)) if known.erasures else ""


def _decided(known: Known) -> str:
    """Fingerprint of what stewards decided; "" where they decided nothing."""
    told = (f"{row['left_key']}#{row['right_key']}={row['together']}" for row in known.decisions)
    return _hash(*told) if known.decisions else ""


def _matched(known: Known, names: Mapping[str, str]) -> tuple[Statement, ...]:
    """What the matching reads: the records, what stewards decided of them, and the records that changed after a run."""
    decided = "select left_key, right_key, together from vault.match_decision"

    def stored(name: str) -> str:
        return _stored(known, names, name)

    def changed(name: str) -> str:
        return _stored(known, names, name, f" and _run_id > '{SINCE}'")

    records = known.matching.records
    texts = (replace_tables(records, stored), replace_tables(decided, stored), replace_tables(records, changed))
    return tuple(Statement(text) for text in texts)


def _idle(
    known: Known, order: list[list[str]], fingerprints: Mapping[str, str], shapes: Mapping[str, ddl.Shape]
) -> set[str]:
    """Tables that would come out as they were released: nothing that they read has changed."""
    found: set[str] = set()
    if known.release is None or known.dirty:
        return found
    for name in (name for wave in order for name in wave):
        table, shape = known.tables[name], shapes[name]
        same = known.release.fingerprints.get(name) == fingerprints[name] and name in known.release.tables
        unchanged = same and not shape.create and not shape.add
        if unchanged and not _must_forget(known, table) and not _news(known, table, found):
            found.add(name)
    return found


def _must_forget(known: Known, table: Table) -> bool:
    """Whether the table may hold rows of a person who was erased since the release."""
    assert known.release is not None
    from_staging = table.kind == "full" and any(name.startswith(CONFORMED) for name in references(table.sql))
    return known.release.erased != _erased(known) and (from_staging or bool(table.personal_keys))


def _news(known: Known, table: Table, idle: set[str]) -> bool:
    """Whether anything that the table reads may have changed since the release."""
    for name in references(table.sql) | {each.references for each in table.held}:
        zone, short = name.split(".")
        if zone == CONFORMED:
            changed = any(
                to > known.released_pull(data_set)
                for data_set, to in known.ready.items()
                if known.gives(data_set, short)
            )
        elif name == DECISIONS:
            changed = known.release is None or known.release.decided != _decided(known)
        elif zone == CONTROL:
            # A merge takes no more than constants from the run; edits and rules stand in the fingerprint.
            changed = short == "erasure" or (short == "run" and table.kind == "full")
        elif zone == IDENTITY:
            changed = not ({graph.NAMED} if name in graph.OF_FIRMS else set(graph.MATCHED)) <= idle
        else:
            changed = name != table.full_name and name not in idle
        if changed:
            return True
    return False


def _checked(table: Table) -> set[str]:
    return {name for each in table.checks for name in references(each.sql)}


def _neutral(known: Known) -> Renderer:
    """Writes what is the same for all runs and stages with these models and rules."""
    neutral = replace(
        known, stage=ANY_STAGE, run_id="", started_at=ANY_MOMENT, release=None, erasures=(), decisions=(), staged={}
    )
    windows = {
        f"{source.name}.{data_set}": (0, 1)
        for source in known.deployment.sources.values()
        for data_set in source.data_sets
    }
    return replace(_renderer(neutral, {}), staged=_staged(neutral, windows, {}))


def _fingerprint(known: Known, neutral: Renderer, table: Table) -> str:
    """Changes when the table's rows may come out otherwise than before from the same staging, in whatever stage."""
    checks = (each.sql for each in table.checks)
    made = [known.matching.fingerprint] if graph.reads_matching(table) or graph.reads_firms(table) else []
    texts = (each.sql for each in neutral.write(table))
    return _hash(ddl.table_layout(table), str(table.physical), *texts, *checks, *made)


def _statements(known: Known, renderer: Renderer, table: Table, shape: ddl.Shape) -> list[Statement]:
    database = physical(table.zone, known.stage)
    found = []
    if shape.create:
        location = f"{known.locations[table.zone]}/{shape.name}/"
        found.append(Statement(ddl.create(table, database, shape.name, location)))
        found.append(Statement(ddl.first_row(database, shape.name)))
        if shape.copy:
            found += renderer.take_over(table, shape.copy)
    elif shape.add:
        found.append(Statement(ddl.add_columns(database, shape.name, shape.add), once=True))
    if known.dirty and not shape.create and table.kind != "full":
        found += renderer.restore(table, known.release.run_id if known.release else None)
    if known.erasures and table.personal_keys:
        found.append(renderer.forget(table))  # after what brings rows of the last release back
    return [*found, *renderer.write(table)]


def _shape(known: Known, table: Table) -> ddl.Shape:
    release = known.release
    released = release is not None and table.full_name in release.tables
    name = release.names.get(table.full_name, table.name) if release else table.name
    stored = known.stored.get(f"{physical(table.zone, known.stage)}.{name}")
    layout = release.layouts.get(table.full_name) if release and released else None
    columns = release.columns.get(table.full_name) if release and released else None
    return ddl.shape(table, known.run_id, name, stored, layout, columns)


def _windows(known: Known, table: Table, print_: str) -> dict[str, tuple[int, int]]:
    """The pulls still to take in: all where the table is new, reads otherwise than before, or is built in full.

    What is appended stays as it was written, so a table that is appended to goes on with its new text: to read the
    pulls again would write their rows twice.
    """
    goes_on = _goes_on(known, table, print_)
    return {data_set: (known.released_pull(data_set) if goes_on else 0, to) for data_set, to in known.ready.items()}


def _goes_on(known: Known, table: Table, print_: str) -> bool:
    """Whether the table takes in what came since the release, to what it has."""
    release = known.release
    return (
        release is not None
        and table.kind != "full"
        and table.full_name in release.tables
        and (table.kind == "append" or release.fingerprints.get(table.full_name) == print_)
    )


def _renderer(known: Known, names: Mapping[str, str]) -> Renderer:
    release, hub = known.release, known.deployment.hub
    run = {
        "run_id": known.run_id,
        "started_at": known.started_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        "time_zone": hub.time_zone,
        "currency": hub.currency,
        "country": hub.country,
    }
    return Renderer(
        tables=known.tables,
        stage=known.stage,
        run_id=known.run_id,
        staged=_staged(known, {}, names),
        names=names,
        released=release.tables if release else {},
        released_names=release.names if release else {},
        released_columns=release.columns if release else {},
        control={
            "run": (RUN_COLUMNS, [run]),
            "erasure": (ERASURE_COLUMNS, known.erasures),
            "decision": (DECISION_COLUMNS, known.decisions),
            "edit": (edits.COLUMNS, known.edits),
            "verified": (verified.COLUMNS, known.proved),
            "job_word": (jobs.COLUMNS, known.job_words),
            "company_decision": (companies.COLUMNS, known.companies),
            "attribute": (attributes.COLUMNS, attributes.rows(known.deployment.attributes)),
            "survivorship": (survivorship.COLUMNS, survivorship.rows(hub.survivorship, hub.survivorship_next)),
            "customer_definition": (standing.COLUMNS, standing.rows(hub.customer_definitions, hub.life_cycle)),
            "stage_word": (standing.WORD_COLUMNS, standing.words(hub.life_cycle)),
            "response_word": (leads.RESPONSE_COLUMNS, leads.responses()),
            "lead_word": (leads.COLUMNS, leads.words(hub.lead_channels)),
            "clock": (clocks.CLOCK_COLUMNS, clocks.clock(hub.time_zone)),
            "place": (clocks.PLACE_COLUMNS, clocks.places(known.started_at, hub.time_zone)),
        },
    )


def _staged(known: Known, windows: Mapping[str, tuple[int, int]], names: Mapping[str, str]) -> Staged:
    return Staged(known.deployment, known.stage, windows, current(graph.ERASURE, known.stage, names), known.staged)


def _maintenance(stored: str) -> tuple[Statement, ...]:
    """VACUUM comes first: it keeps the newest snapshot, which is the released one until OPTIMIZE makes another."""
    return (Statement(f"VACUUM {stored}"), Statement(f"OPTIMIZE {stored} REWRITE DATA USING BIN_PACK"))


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def as_rows(items: Sequence[Mapping[str, Any]]) -> Rows:
    """Erasure items of the control table as rows of `control.erasure`, in a stable order."""
    rows = [
        {
            "record_key": str(item["sk"]).removeprefix("record#"),
            "customer_id": item.get("customer_id"),
            "asked_at": str(item["asked_at"]).replace("T", " ").removesuffix("Z"),
        }
        for item in items
    ]
    return sorted(rows, key=lambda row: str(row["record_key"]))


def as_decisions(items: Sequence[Mapping[str, Any]]) -> Rows:
    """Decisions of the control table as rows of `control.decision`, in a stable order."""
    rows = []
    for item in items:
        left, right = str(item["sk"]).removeprefix("pair#").split("#")
        decided_at = str(item["decided_at"]).replace("T", " ").removesuffix("Z")
        told = {"together": str(int(item["together"])), "decided_by": str(item["decided_by"])}
        approved = {"approved_by": item.get("approved_by"), "decided_at": decided_at}
        rows.append({"left_key": left, "right_key": right, **told, **approved})
    return sorted(rows, key=lambda row: (str(row["left_key"]), str(row["right_key"])))
