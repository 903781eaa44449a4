"""What a model folder says: the shape of a table, how it is kept up to date, and what must hold in it."""

import re
from dataclasses import dataclass
from typing import Any

from hub.config.lines import Document

KINDS = ("full", "append", "merge", "history")
TYPES = re.compile(r"varchar|bigint|integer|double|boolean|date|timestamp|decimal\(\d{1,2},\d{1,2}\)")
NAME = re.compile(r"[a-z][a-z0-9_]*")
PARTITION = re.compile(r"(?:(month|day|year)\(([a-z_]\w*)\)|bucket\((\d+), ?([a-z_]\w*)\)|([a-z_]\w*))")
PERSONAL = ("none", "name", "contact", "email", "phone", "birth_date", "address", "id", "sensitive")
KEEP = ("latest", "least", "greatest")

# Columns that order the rows of one record and are not worth a line in every table.yaml.
ORDER_TYPES = {"_as_of": "timestamp", "_pull_seq": "bigint", "_batch": "integer", "_row": "integer"}
# Columns that every table carries: `_deleted` rows are not seen by readers, `_run_id` is the run that wrote the row.
ROW_TYPES = {"_deleted": "boolean", "_run_id": "varchar"}
HISTORY_TYPES = {"valid_from": "timestamp", "valid_to": "timestamp"}
# Columns that say whose row it is, where a table with personal data has them.
PERSON_KEYS = ("record_key", "customer_record_key", "customer_id")


@dataclass(frozen=True, slots=True)
class Column:
    """`keep` says which value a merge keeps of all that a record ever had: the latest, the least or the greatest."""

    type: str
    required: bool = False
    personal: str = "none"
    description: str = ""
    keep: str = "latest"


# What a reader sees of a history beside its columns.
VALIDITY = {
    "valid_from": Column("timestamp", description="From when on the record was so (UTC)."),
    "valid_to": Column("timestamp", description="Until when, that moment left out (UTC); null: it still is so."),
}


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """`orphan`: a row without its referenced row is held back until that comes, or stays and reads as unknown."""

    columns: tuple[str, ...]
    references: str
    orphan: str


@dataclass(frozen=True, slots=True)
class Check:
    """A SELECT that returns the rows that break the rule `title`."""

    title: str
    sql: str


@dataclass(frozen=True)
class Table:
    """A model: `sql` is one SELECT over logical names; `file` is its folder, for messages.

    history: the SELECT of its twin, which keeps all versions; "" where it has none. history_of: of a twin the table
    that keeps the newest.
    """

    zone: str
    name: str
    description: str
    kind: str
    columns: dict[str, Column]
    sql: str
    key: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    partitions: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    checks: tuple[Check, ...] = ()
    file: str = ""
    history: str = ""
    history_of: str = ""

    @property
    def full_name(self) -> str:
        return f"{self.zone}.{self.name}"

    @property
    def held(self) -> tuple[ForeignKey, ...]:
        """The foreign keys whose orphans are held back."""
        return tuple(each for each in self.foreign_keys if each.orphan == "hold")

    @property
    def personal_keys(self) -> tuple[str, ...]:
        """The columns by which the rows of an erased person are found; none where the table keeps no such rows."""
        if self.kind == "full" or all(column.personal == "none" for column in self.columns.values()):
            return ()
        return tuple(name for name in PERSON_KEYS if name in self.columns)

    @property
    def shown(self) -> dict[str, Column]:
        """The columns that a reader sees."""
        return self.columns | (VALIDITY if self.kind == "history" else {})

    @property
    def kept(self) -> dict[str, str]:
        """The columns that keep the least or greatest value that there ever was."""
        return {name: column.keep for name, column in self.columns.items() if column.keep != "latest"}

    @property
    def selected(self) -> dict[str, str]:
        """Columns that the model's SELECT must give, with their types."""
        declared = {name: column.type for name, column in self.columns.items()}
        return declared | {name: ORDER_TYPES[name] for name in self.order if name not in declared}

    @property
    def physical(self) -> dict[str, str]:
        """All columns of the stored table, with their types."""
        validity = HISTORY_TYPES if self.kind == "history" else {}
        held = {"_held": "boolean"} if self.held and self.kind == "merge" else {}
        return self.selected | validity | held | ROW_TYPES


def build(
    zone: str, name: str, raw: Any, sql: str, checks: tuple[Check, ...], document: Document, history: str | None = None
) -> Table | None:
    """The Table of a parsed table.yaml, or None where its mistakes, added to the document's problems, leave none.

    history: the SELECT of its twin where that is one of its own.
    """
    if not isinstance(raw, dict):
        _add(document, "table", "is not a mapping; see the reference of models")
        return None
    before = len(document.problems)
    allowed = {"description", "kind", "key", "order", "partitions", "foreign_keys", "columns", "history"}
    for unknown in sorted(set(raw) - allowed):
        _add(document, unknown, f"unknown field; one of {', '.join(sorted(allowed))}")
    if not raw.get("description"):
        _add(document, "description", "is missing; write one sentence that says what a row is")
    if raw.get("kind") not in KINDS:
        _add(document, "kind", f"is {raw.get('kind')!r}; one of {', '.join(KINDS)}")
    columns = _columns(raw.get("columns"), document)
    key, order = tuple(raw.get("key") or ()), tuple(raw.get("order") or ())
    if raw.get("history"):
        if raw.get("kind") != "merge" or order[:1] != ("_as_of",) or "source" not in columns:
            _add(document, "history", "is for kind merge with the column source and an order that begins with _as_of")
        if history is None and re.match(r"(?is)(?!select\b)|.*\bunion\b", sql):
            _add(document, "history", "is made of a model that is one plain SELECT; write history.sql beside this one")
    _check_names(raw, columns, key, order, document)
    foreign_keys = _foreign_keys(raw.get("foreign_keys") or (), columns, document)
    if len(document.problems) > before:
        return None
    return Table(
        zone, name, raw["description"], raw["kind"], columns, sql, key, order,
        tuple(raw.get("partitions") or ()), foreign_keys, checks, document.name,
        (history or sql) if raw.get("history") else "",
    )  # fmt: skip


def _columns(raw: Any, document: Document) -> dict[str, Column]:
    if not isinstance(raw, dict) or not raw:
        _add(document, "columns", "is missing; list each column with its type and a description")
        return {}
    columns = {}
    for name, given in raw.items():
        path = f"columns.{name}"
        given = given if isinstance(given, dict) else {}
        if not NAME.fullmatch(str(name)):
            _add(document, path, "is not a column name; lower case letters, digits and _")
        if not TYPES.fullmatch(str(given.get("type"))):
            _add(
                document,
                path,
                f"type {given.get('type')!r} is not one of {TYPES.pattern}",
            )
        if given.get("personal", "none") not in PERSONAL:
            _add(document, path, f"personal {given['personal']!r} is not one of {', '.join(PERSONAL)}")
        if given.get("keep", "latest") not in KEEP:
            _add(document, path, f"keep {given['keep']!r} is not one of {', '.join(KEEP)}")
        if unknown := sorted(set(given) - {"type", "required", "personal", "description", "keep"}):
            _add(document, path, f"unknown field {unknown[0]!r}")
        columns[name] = Column(
            str(given.get("type")), bool(given.get("required")), given.get("personal", "none"),
            given.get("description", ""), given.get("keep", "latest"),
        )  # fmt: skip
    return columns


def _check_names(
    raw: dict[str, Any], columns: dict[str, Column], key: tuple[str, ...], order: tuple[str, ...], document: Document
) -> None:
    kind = raw.get("kind")
    if kind in ("merge", "history") and not (key and order):
        _add(document, "kind", f"{kind} needs `key` and `order`: what a record is, and which of its rows is the newest")
    if kind == "append" and any(each.get("orphan") == "hold" for each in raw.get("foreign_keys") or ()):
        _add(document, "foreign_keys", "an append table cannot hold rows back; use kind merge or orphan unknown")
    for name in key:
        if name not in columns or not columns[name].required:
            _add(document, "key", f"{name!r} is not a required column")
    for name in order:
        if name not in ORDER_TYPES and (name not in columns or not columns[name].required):
            _add(document, "order", f"{name!r} is neither a required column nor one of {', '.join(ORDER_TYPES)}")
    if kind == "history" and columns.get(order[0] if order else "", Column("")).type != "timestamp":
        _add(document, "order", "history starts its order with the timestamp from which a row is valid")
    for partition in raw.get("partitions") or ():
        match = PARTITION.fullmatch(str(partition))
        column = match and (match[2] or match[4] or match[5])
        if not column or column not in columns:
            _add(
                document,
                "partitions",
                f"{partition!r} is not a column, year(), month(), day() of one or bucket(n, column)",
            )


def _foreign_keys(raw: Any, columns: dict[str, Column], document: Document) -> tuple[ForeignKey, ...]:
    found = []
    for given in raw:
        names = tuple(given.get("columns") or ())
        if not names or any(name not in columns for name in names):
            _add(document, "foreign_keys", f"columns {list(names)} are not columns of this table")
        if not re.fullmatch(r"(vault|reporting)\.[a-z][a-z0-9_]*", str(given.get("references"))):
            _add(
                document,
                "foreign_keys",
                f"references {given.get('references')!r} is not a table such as vault.source_customer",
            )
        if given.get("orphan") not in ("hold", "unknown"):
            _add(document, "foreign_keys", f"orphan {given.get('orphan')!r} is not hold or unknown")
        found.append(ForeignKey(names, str(given.get("references")), str(given.get("orphan"))))
    return tuple(found)


def _add(document: Document, place: str, what: str) -> None:
    document.problems.append(document.problem(tuple(place.split(".")), what))
