"""What names mean at a place in a query."""

from __future__ import annotations

from dataclasses import dataclass, field

from infra.local.athena.dialect.typed import Typed, failed, identifier
from infra.local.athena.dialect.types import Type


@dataclass(frozen=True)
class Column:
    """A column that may be named: by itself, or after its relation's name (`qualifier`: ("db", "table") or alias)."""

    name: str | None
    qualifier: tuple[str, ...]
    value: Typed
    scan: int | None = None  # the table scan it comes from, for pruning


@dataclass
class Scope:
    columns: list[Column] = field(default_factory=list)
    parent: Scope | None = None
    locals: dict[str, Typed] = field(default_factory=dict)  # lambda parameters

    def find(self, parts: tuple[str, ...], where: tuple[int, int]) -> tuple[Typed, int, Column | None]:
        """The value of a name, how many scopes out it lies, and its column. Raises COLUMN_NOT_FOUND."""
        scope: Scope | None = self
        depth = 0
        while scope is not None:
            if parts[0] in scope.locals:
                return _fields(scope.locals[parts[0]], parts[1:], where), depth, None
            if (found := scope._own(parts, where)) is not None:
                column, rest = found
                return _fields(column.value, rest, where), depth, column
            scope, depth = scope.parent, depth + 1
        raise failed("COLUMN_NOT_FOUND", where, f"Column '{'.'.join(parts)}' cannot be resolved")

    def _own(self, parts: tuple[str, ...], where: tuple[int, int]) -> tuple[Column, tuple[str, ...]] | None:
        for length in range(len(parts) - 1, -1, -1):
            prefix, name = parts[:length], parts[length]
            found = [c for c in self.columns if c.name == name and (not prefix or c.qualifier[-length:] == prefix)]
            if len(found) > 1:
                raise failed("AMBIGUOUS_NAME", where, f"Column '{'.'.join(parts[: length + 1])}' is ambiguous")
            if found:
                return found[0], parts[length + 1 :]
        return None

    def child(self, names: dict[str, Typed]) -> Scope:
        """The same scope with a lambda's parameters in front."""
        return Scope(self.columns, self.parent, {**self.locals, **names})


def _fields(value: Typed, names: tuple[str, ...], where: tuple[int, int]) -> Typed:
    for name in names:
        value = field_of(value, name, where)
    return value


def field_of(value: Typed, name: str, where: tuple[int, int]) -> Typed:
    """A row's field by name."""
    kind: Type = value.type
    if kind.base != "row":
        raise failed("TYPE_MISMATCH", where, f"Expression {name} is not of type ROW")
    for key, known, inner in zip(kind.keys, kind.names, kind.inner, strict=True):
        if known is not None and known.lower() == name.lower():
            return Typed(f"({value.sql}).{identifier(key)}", inner)
    raise failed("COLUMN_NOT_FOUND", where, f"Column '{name}' cannot be resolved")
