"""Read a deployment folder and say everything that is wrong with it at once, each with file, line, field and remedy."""

import difflib
import re
import types
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from hub.config import attributes, leads, messages, rules, standing, survivorship, targets
from hub.config.attributes import Attribute
from hub.config.connections import CONNECTORS, Deployment
from hub.config.lines import Document, Place, parse
from hub.config.models import HubConfig, Role
from hub.errors import ConfigError

Named = TypeVar("Named", bound=BaseModel)
VARIABLE = re.compile(r"\$\{([^}]*)\}")


def load(folder: Path | str, variables: Mapping[str, str] | None = None) -> Deployment:
    """The deployment in `folder`; ConfigError lists every problem.

    variables: values that win over hub.yaml's own `variables:`, for another stage or the laptop.
    """
    folder = Path(folder)
    if not (folder / "hub.yaml").is_file():
        raise ConfigError([f"{folder}/hub.yaml:1: the file: is missing; a deployment folder starts with hub.yaml"])
    problems: list[str] = []
    hub_document = parse(folder / "hub.yaml", "hub.yaml")
    hub = _validated(HubConfig, hub_document, problems)
    problems += rules.hub(hub, hub_document.problem) if hub else []
    given = hub_document.data.get("variables") if isinstance(hub_document.data, dict) else None
    values = {**(given if isinstance(given, dict) else {}), **(variables or {})}
    declared, document = _named(folder, "attributes.yaml", Attribute, problems)
    if document:
        problems += [document.problem(place, what) for place, what in attributes.problems(declared)]
    sources = _sources(folder, values, declared, problems)
    if hub:
        found = (
            *survivorship.problems(hub.survivorship, sources),
            *survivorship.problems(hub.survivorship_next, sources, "survivorship_next"),
            *leads.problems(hub.lead_channels),
            *standing.problems(hub.customer_definitions, hub.life_cycle, sources),
            *targets.problems(hub.quality_targets, sources),
        )
        problems += [hub_document.problem(place, what) for place, what in found]
    roles, document = _named(folder, "roles.yaml", Role, problems)
    if document:
        problems += [each for name in roles for each in rules.role(name, document.problem)]
    if problems or hub is None:
        raise ConfigError(problems)
    hub = hub.model_copy(update={"variables": {name: str(value) for name, value in values.items()}})
    return Deployment(name=hub.name, hub=hub, sources=sources, roles=roles, attributes=declared)


def _sources(
    folder: Path, variables: Mapping[str, Any], declared: Mapping[str, Attribute], problems: list[str]
) -> dict[str, Any]:
    files = sorted((folder / "sources").glob("*.yaml"))
    for other in sorted((folder / "sources").glob("*")):
        if other.suffix.casefold() in (".yml", ".yaml") and other.suffix != ".yaml":
            problems.append(f"sources/{other.name}:1: the file: is not read; name it {other.stem}.yaml")
    if not files:
        problems.append("sources:1: the folder: holds no source; add sources/<name>.yaml")
    sources = {}
    for path in files:
        document = parse(path, f"sources/{path.name}")
        _substitute(document, variables)
        connector = document.data.get("connector") if isinstance(document.data, dict) else None
        model = CONNECTORS.get(connector) if isinstance(connector, str) else None
        if isinstance(document.data, dict) and model is None and not document.problems:
            problems.append(document.problem(("connector",), _unknown(connector, CONNECTORS, "connector")))
            continue
        source = _validated(model or CONNECTORS["rest"], document, problems)
        if source is None:
            continue
        if source.name != path.stem:
            problems.append(
                document.problem(("name",), f"is {source.name!r} but the file is {path.name}; make them alike")
            )
        for name, data_set in source.data_sets.items():
            found = attributes.bind(data_set, declared)
            problems += [document.problem(("data_sets", name, *place), what) for place, what in found]
        problems += rules.source(source, document.problem)
        if source.connector == "own" and not (folder / "connectors" / f"{source.connection.file}.py").is_file():
            what = f"there is no connectors/{source.connection.file}.py beside sources/; write it or name another"
            problems.append(document.problem(("connection", "file"), what))
        sources[source.name] = source
    return sources


def _named(
    folder: Path, file: str, model: type[Named], problems: list[str]
) -> tuple[dict[str, Named], Document | None]:
    """A file that maps names to things of one kind, and its document for further problems; nothing without a file."""
    path = folder / file
    if not path.is_file():
        return {}, None
    document = parse(path, file)
    if document.problems or not isinstance(document.data, dict):
        problems += document.problems or [document.problem((), "is empty or not a mapping; write `key: value` lines")]
        return {}, None
    found = {}
    for name, data in document.data.items():
        part = Document(document.name)
        part.data, part.lines = (
            data,
            {place[1:]: line for place, line in document.lines.items() if place[:1] == (name,)},
        )
        if each := _validated(model, part, problems):
            found[name] = each
    return found, document


def _validated(model: type[BaseModel], document: Document, problems: list[str]) -> Any:
    """The document as `model`, or None with each problem noted."""
    problems += document.problems
    if document.problems:
        return None
    if not isinstance(document.data, dict):
        problems.append(document.problem((), "is empty or not a mapping; write `key: value` lines"))
        return None
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        problems += [_explained(problem, model, document) for problem in error.errors()]
        return None


def _explained(problem: Any, model: type[BaseModel], document: Document) -> str:
    place: Place = problem["loc"]
    if place[-1:] == ("[key]",):
        place = place[:-1]
    if problem["type"] == "extra_forbidden":
        return document.problem(place, _unknown(place[-1], _fields(model, place[:-1]), "key"))
    return document.problem(place, messages.of(problem, place))


def _unknown(name: Any, known: Iterable[str], what: str) -> str:
    names = sorted(known)
    remedy = f"write one of {', '.join(names)}" if names else "take it out"
    if near := difflib.get_close_matches(str(name), names, n=1):
        remedy = f"did you mean {near[0]!r}?"
    return f"{name!r} is not a known {what}; {remedy}"


def _fields(model: Any, place: Place) -> list[str]:
    """The keys that are allowed at a place of a model; aliases and shorthands as an author writes them."""
    for part in place:
        if isinstance(model, type) and issubclass(model, BaseModel):
            names = {info.alias or name: info.annotation for name, info in model.model_fields.items()}
            model = names.get(str(part))
        else:
            arguments = typing.get_args(model)
            model = arguments[-1] if typing.get_origin(model) is dict else next(iter(arguments), None)
        while typing.get_origin(model) in (typing.Annotated, typing.Union, types.UnionType):
            model = next(iter(typing.get_args(model)), None)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return []
    return [info.alias or name for name, info in model.model_fields.items()] + (
        ["check"] if "checks" in model.model_fields else []
    )


def _substitute(document: Document, variables: Mapping[str, Any]) -> None:
    """Put the values of `${NAME}` in; a name without a value is a problem of the document."""

    def replaced(value: Any, place: Place) -> Any:
        if isinstance(value, dict):
            return {key: replaced(each, (*place, key)) for key, each in value.items()}
        if isinstance(value, list):
            return [replaced(each, (*place, at)) for at, each in enumerate(value)]
        if not isinstance(value, str):
            return value
        for name in VARIABLE.findall(value):
            if name not in variables:
                remedy = _unknown(name, variables, "variable").partition("; ")[2]
                document.problems.append(
                    document.problem(place, f"${{{name}}} has no value; add it to `variables:` in hub.yaml ({remedy})")
                )
        return VARIABLE.sub(lambda match: str(variables.get(match[1], match[0])), value)

    document.data = replaced(document.data, ())
