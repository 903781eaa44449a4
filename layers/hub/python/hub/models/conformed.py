"""The common entities: for each, the union of all data sets that are mapped to it, out of their staging tables."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from hub.config import ENTITIES, REFERENCES, DataSet, Deployment, Source, versions
from hub.config.entities import ROW_COLUMNS, conformed_reference, reference_column
from hub.models.names import HISTORY, staging_table

Window = tuple[int, int]
LATIN = {"full_name": "full_name_latin", "given_name": "given_name_latin", "family_name": "family_name_latin"}
WHITE = "[ \\t\\n\\r]+"
LOOKS_LIKE_EMAIL = "^[^@ \\t\\n\\r]+@[^@ \\t\\n\\r]+[.][^@ \\t\\n\\r]+\\z"


@dataclass(frozen=True)
class Staged:
    """What is read of each data set: windows maps "source.data_set" to the pulls (last, to].

    stored: "<database>.<table>" of staging -> its columns, where they are known. What the manifest, or a newer version
    of the hub, has beside them comes with the next pull; until then it is null.
    """

    deployment: Deployment
    stage: str
    windows: Mapping[str, Window]
    erasure: str  # physical name of the table of erased record keys
    stored: Mapping[str, Collection[str]] = field(default_factory=dict)

    def entity(self, name: str) -> str:
        """A query that gives every conformed column of the entity, for the pulls of the windows.

        `<entity>_history` is the same of the data sets that keep their history, and `_repeats`.
        """
        parts = [
            self._part(source, data_set_name, data_set, name)
            for source, data_set_name, data_set in self.givers(name)
            if self._window(source, data_set_name)
        ]
        if parts:
            return "\nunion all\n".join(parts)
        nulls = (f"cast(null as {sql_type(kind)}) as {column}" for column, kind in columns(name).items())
        return "select " + ", ".join(nulls) + " where false"  # no source gives it, or nothing new

    def givers(self, name: str) -> list[tuple[Source, str, DataSet]]:
        """The data sets whose rows `conformed.<name>` has."""
        entity, kept = name.removesuffix(HISTORY), name.endswith(HISTORY)
        return [
            (source, data_set_name, data_set)
            for source in self.deployment.sources.values()
            for data_set_name, data_set in source.data_sets.items()
            if entity in data_set.entity and (data_set.history or not kept)
        ]

    def _window(self, source: Source, data_set: str) -> Window | None:
        last, to = self.windows.get(f"{source.name}.{data_set}", (0, 0))
        return (last, to) if to > last else None

    def _part(self, source: Source, name: str, data_set: DataSet, wanted_as: str) -> str:
        entity = wanted_as.removesuffix(HISTORY)
        last, to = self.windows[f"{source.name}.{name}"]
        key = "_record_key" if entity == data_set.first_entity else f"_record_key_{entity}"
        given = {
            **_values(entity, data_set),
            "source": f"'{source.name}'",
            "data_set": f"'{name}'",
            "record_key": key,
            "trust": str(source.trust),
            "_repeats": "true" if data_set.replaces == "data_set" else "false",
        }
        wanted = columns(wanted_as)
        listed = (
            f"    cast({given.get(column, column)} as {sql_type(kind)}) as {column}" for column, kind in wanted.items()
        )
        return (
            "select\n" + ",\n".join(listed) + f"\nfrom {self._table(source.name, name, data_set)}\n"
            f"where pull_id > '{pull_id(source.name, name, last)}' and pull_id <= '{pull_id(source.name, name, to)}'\n"
            f"    and {key} is not null and {key} not in (select record_key from {self.erasure} where not _deleted)"
        )

    def _table(self, source: str, name: str, data_set: DataSet) -> str:
        """The staging table, with nulls for the columns that no pull has brought yet."""
        table = staging_table(source, name, self.stage)
        there = self.stored.get(table)
        missing = {each: kind for each, kind in _staging(data_set).items() if there is not None and each not in there}
        if not missing:
            return table
        nulls = (f"cast(null as {sql_type(kind)}) as {column}" for column, kind in missing.items())
        return f"(select *, {', '.join(nulls)} from {table}) as staged"


def _staging(data_set: DataSet) -> dict[str, str]:
    """The columns that depend on the manifest, and their types."""
    found = {name: column.type for name, column in data_set.columns.items()}
    found |= {f"{name}{end}": "varchar" for name, column in data_set.columns.items() for end in column.computed}
    mapped = {column for mapping in data_set.entity.values() for column in mapping if column in REFERENCES}
    found |= {reference_column(column): "varchar" for column in sorted(mapped)}
    return found | {f"_record_key_{entity}": "varchar" for entity in list(data_set.entity)[1:]}


def columns(name: str) -> dict[str, str]:
    """The columns of `conformed.<name>` with their types.

    `_repeats`, of a history: the data set is read whole, so that a row says nothing new by being there again.
    """
    entity = name.removesuffix(HISTORY)
    own = {conformed_reference(name) if name in REFERENCES else name: kind for name, kind in ENTITIES[entity].items()}
    extra = dict.fromkeys(("name_standard", *LATIN.values()), "varchar") if entity == "customer" else {}
    kept = {"_repeats": "boolean"} if name.endswith(HISTORY) else {}
    return own | extra | dict(ROW_COLUMNS) | {"pulled_at": "timestamp"} | kept


def sql_type(kind: str) -> str:
    """A declared type as Iceberg's tables hold it."""
    return "timestamp(6)" if kind == "timestamp" else kind


def pull_id(source: str, data_set: str, pull_seq: int) -> str:
    return f"{source}.{data_set}.{pull_seq:08d}"


def _values(entity: str, data_set: DataSet) -> dict[str, str]:
    """The SQL expression of each conformed column over the staging columns."""
    mapped = data_set.entity[entity]
    found: dict[str, str] = {}
    for column in ENTITIES[entity]:
        if column in REFERENCES:
            found[conformed_reference(column)] = reference_column(column) if column in mapped else "null"
        else:
            found[column] = mapped.get(column, "null")
    found["changed_at"] = _first(versions.changed(data_set, entity))
    found["pulled_at"] = "_pulled_at"
    # Where a pull reads everything, the latest pull is right, whatever the source says of when it changed a record.
    found["_as_of"] = "_pulled_at" if data_set.replaces == "data_set" else _first(versions.order(data_set, entity))
    if entity == "customer":
        if data_set.attributes:
            found["attributes"] = "_attributes"
        found |= dict.fromkeys(("name_standard", *LATIN.values()), "null") | dict(_customer(mapped, data_set))
    return found


def _first(moments: list[str]) -> str:
    return f"coalesce({', '.join(moments)}, _pulled_at)" if moments else "_pulled_at"


def _customer(mapped: Mapping[str, str], data_set: DataSet) -> Iterator[tuple[str, str]]:
    """Standard forms: those that the pull made where a bare column is mapped, else what SQL can do alone."""
    if "email" in mapped and "email_standard" not in mapped:
        lower = f"lower({mapped['email']})"
        yield (
            "email_standard",
            _standard(mapped["email"], data_set)
            or f"case when regexp_like({lower}, '{LOOKS_LIKE_EMAIL}') then {lower} end",
        )
    if "phone" in mapped and "phone_standard" not in mapped:
        yield "phone_standard", _standard(mapped["phone"], data_set) or "null"
    parts = [mapped[name] for name in ("given_name", "family_name") if name in mapped]
    if "full_name" not in mapped and parts:
        yield "full_name", _joined(parts)
    whole = [mapped["full_name"]] if "full_name" in mapped else parts
    standard = next(
        (
            each
            for names in (whole, parts)
            if names and None not in (each := [_standard(name, data_set) for name in names])
        ),
        whole,
    )
    if standard:
        yield "name_standard", f"lower({_joined([name for name in standard if name])})"
    for name, ours in LATIN.items():
        column = data_set.columns.get(mapped.get(name, ""))
        if column and column.has_latin:
            yield ours, f"{mapped[name]}_latin"


def _standard(expression: str, data_set: DataSet) -> str | None:
    column = data_set.columns.get(expression)
    return f"{expression}_standard" if column and column.has_standard else None


def _joined(parts: list[str]) -> str:
    """The parts that are not null with one space between; null where all are."""
    text = "concat(" + ", ' ', ".join(f"coalesce({part}, '')" for part in parts) + ")" if len(parts) > 1 else parts[0]
    return f"nullif(regexp_replace(regexp_replace({text}, '{WHITE}', ' '), '^ | \\z', ''), '')"
