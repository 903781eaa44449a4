"""What is known before anything is learned: fields, kinds, keys, letters and nicknames of `sql/identity`."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hub.config.lines import parse
from hub.errors import ConfigError

FILES = ("fields", "kinds", "keys", "letters", "nicknames", "devanagari")


Syllables = tuple[str, str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class Kind:
    """How two values are compared; `levels` are conditions, the best first, and what fits none is level 0."""

    name: str
    standard: str
    levels: tuple[tuple[str, str], ...]
    usual: tuple[float, ...]
    sounds: bool = False
    formal: bool = False

    @property
    def top(self) -> int:
        """The number of the best level."""
        return len(self.levels)


@dataclass(frozen=True)
class Field:
    """One thing that is known of a person."""

    name: str
    kind: Kind
    description: str
    personal: bool = False
    rare: bool = False
    own: bool = False
    crosses: str | None = None
    within: tuple[str, ...] = ()
    twins: float = 0.0
    home: float = 0.0
    address: bool = False
    certain: bool = False
    owned: int = 0  # bits
    base: str = ""  # the field whose values are compared, where this is its comparison within another one

    @property
    def column(self) -> str:
        """The column that holds the values."""
        return self.base or self.name

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the levels by their numbers: what is different, then ever more alike, then crossed."""
        crossed = ("crossed",) if self.crosses else ()
        return ("different", *(name for name, _ in reversed(self.kind.levels)), *crossed)


@dataclass(frozen=True)
class Key:
    """What two records must share to be looked at together. `number` is its power of two."""

    name: str
    number: int
    fields: tuple[str, ...]
    sql: str
    coarse: bool = False
    firms: bool = False
    independent: bool = False


@dataclass(frozen=True)
class Knowledge:
    """All of `sql/identity`, for the fields that a data set has."""

    fields: dict[str, Field]
    keys: tuple[Key, ...]
    letters: tuple[str, str]
    nicknames: tuple[tuple[str, str], ...]
    texts: dict[str, str]
    syllables: Syllables = ("", "", ())

    @property
    def fine(self) -> int:
        """The sum of rules of a pair modulo this number is what fine keys found."""
        return 1 << sum(not key.coarse for key in self.keys)

    @property
    def compared(self) -> dict[str, Field]:
        """The fields, and behind each that lies within another one its comparison where that other is equal."""
        found: dict[str, Field] = {}
        for name, field in self.fields.items():
            found[name] = field
            if field.within:
                inside = f"{name}_within"
                found[inside] = replace(field, name=inside, base=name, rare=False, crosses=None, owned=0)
        return found

    @property
    def firms(self) -> bool:
        """Whether records are firms, told by their name."""
        return _are_firms(self.fields)

    @property
    def homes(self) -> bool:
        """Whether two of a household can be told apart: by something that they do not share."""
        return any(field.personal for field in self.fields.values())

    @property
    def contacts(self) -> list[Field]:
        """What somebody is reached by and a household may share: telephones and e-mail addresses."""
        return [field for field in self.compared.values() if field.own and not field.personal]

    def without_coarse(self) -> "Knowledge":
        """The same without keys that are coarse."""
        return replace(self, keys=tuple(key for key in self.keys if not key.coarse))

    def of(self, names: Iterable[str]) -> "Knowledge":
        """The same for some fields only, in the order of fields.yaml; ConfigError for one that it does not know."""
        wanted = set(names)
        if unknown := sorted(wanted - set(self.fields)):
            raise ConfigError([f"{name}: no such field; one of {', '.join(self.fields)}" for name in unknown])
        firms = _are_firms(wanted)
        fields = {
            name: replace(
                field,
                crosses=field.crosses if field.crosses in wanted else None,
                within=field.within if set(field.within) <= wanted else (),
                personal=field.personal or (firms and name == "company"),
                owned=0 if firms else field.owned,
            )
            for name, field in self.fields.items()
            if name in wanted
        }
        chosen = sorted(
            (key for key in self.keys if set(key.fields) <= wanted and (firms or not key.firms)),
            key=lambda key: key.coarse,
        )
        keys = tuple(replace(key, number=1 << at) for at, key in enumerate(chosen))
        if all(key.coarse for key in keys):
            raise ConfigError(
                [f"{', '.join(sorted(wanted)) or 'nothing'}: too little to find pairs by; {_remedy(self)}"]
            )
        return replace(self, fields=fields, keys=keys)


def _are_firms(fields: Iterable[str]) -> bool:
    return "company" in fields and not {"given", "family"} & set(fields)


def read(folder: Path) -> Knowledge:
    """The folder `sql/identity` as it is in the repository, or as it was shipped (YAML as JSON)."""
    known = {name: _file(folder, name) for name in FILES}
    kinds = {name: _kind(name, told) for name, told in known["kinds"].items()}
    fields = {name: _field(name, told, kinds[told["kind"]]) for name, told in known["fields"].items()}
    keys = tuple(_key(name, 1 << at, told) for at, (name, told) in enumerate(known["keys"].items()))
    nicknames = tuple((short, formal) for formal, shorts in known["nicknames"].items() for short in shorts)
    texts = {path.stem: path.read_text("utf-8").strip() for path in sorted(folder.glob("*.sql"))}
    return Knowledge(fields, keys, _letters(known["letters"]), nicknames, texts, _syllables(known["devanagari"]))


def _file(folder: Path, name: str) -> Any:
    compiled = folder / f"{name}.json"
    if compiled.is_file():
        return json.loads(compiled.read_text("utf-8"))
    return parse(folder / f"{name}.yaml", f"identity/{name}.yaml").data


def _field(name: str, told: dict[str, Any], kind: Kind) -> Field:
    home = 0.0 if told.get("personal") else 0.8
    return Field(name, **{"home": home, **told, "kind": kind, "within": tuple(told.get("within", ()))})


def _key(name: str, number: int, told: dict[str, Any]) -> Key:
    more = {part: value for part, value in told.items() if part not in ("fields", "key")}
    return Key(name, number, tuple(told["fields"]), told["key"], **more)


def _kind(name: str, told: dict[str, Any]) -> Kind:
    levels = tuple((label, condition) for label, condition in told["levels"].items())
    return Kind(
        name,
        told["standard"].strip(),
        levels,
        tuple(told["usual"]),
        told.get("sounds", False),
        told.get("formal", False),
    )


def _letters(lines: list[dict[str, str]]) -> tuple[str, str]:
    """What `translate` takes: letters and, at the same places, what stands for them; those without are at the end."""
    pairs: dict[str, str] = {}
    for line in lines:
        pairs.update(dict.fromkeys(line["from"], line["to"]))
    spelt = {letter: to for letter, to in pairs.items() if to}
    gone = [letter for letter, to in pairs.items() if not to]
    return "".join([*spelt, *gone]), "".join(spelt.values())


def _syllables(told: dict[str, dict[str, str]]) -> Syllables:
    """Letters that are written as others with those others, and what is replaced by what, one after the other."""
    return "".join(told["alike"]), "".join(told["alike"].values()), tuple(told["steps"].items())


def _remedy(known: Knowledge) -> str:
    return "map one of " + "; ".join(" and ".join(key.fields) for key in known.keys if not key.coarse)
