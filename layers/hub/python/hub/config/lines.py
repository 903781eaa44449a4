"""YAML with the line of each value, without YAML 1.1's surprises: `no` and dates are text, a key stands once."""

import re
from pathlib import Path
from typing import Any, ClassVar

Place = tuple[str | int, ...]
MOST_VALUES = 100_000


class Document:
    """One file: its data as plain Python, the line of each place in it, the problems of reading it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.data: Any = None
        self.lines: dict[Place, int] = {(): 1}
        self.problems: list[str] = []

    def line(self, place: Place) -> int:
        """The line of a place, or of the nearest thing around it."""
        while place not in self.lines:
            place = place[:-1]
        return self.lines[place]

    def problem(self, place: Place, what: str) -> str:
        field = ".".join(map(str, place)) or "the file"
        field = field if field.isprintable() else repr(field)
        return f"{self.name}:{self.line(place)}: {field}: {what}"


def parse(path: Path, name: str) -> Document:
    """Read one YAML file; what is wrong with it as YAML is in `problems`."""
    import yaml  # functions never read YAML, and their layers do not carry it

    document = Document(name)
    try:
        node = yaml.compose(path.read_text("utf-8"), Loader=_loader())
    except UnicodeDecodeError:
        document.problems.append(f"{name}:1: the file: is not UTF-8; save it as UTF-8")
    except OSError as error:
        document.problems.append(f"{name}:1: the file: cannot be read ({error.strerror}); put a file there")
    except RecursionError:
        document.problems.append(
            f"{name}:1: the file: is nested too deep; write it flatter, a manifest has some six levels"
        )
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        document.problems.append(
            f"{name}:{line}: the file: is not YAML, {error.problem}; check indent, quotes and colons"
        )
    except yaml.reader.ReaderError as error:
        line = path.read_text("utf-8")[: error.position].count("\n") + 1
        document.problems.append(
            f"{name}:{line}: the file: holds a control character ({error.character:#04x}); take it out"
        )
    else:
        if node is not None:
            _fill(document, node)
    return document


def _fill(document: Document, node: Any) -> None:
    try:
        document.data = _plain(node, (), document)
    except RecursionError:
        document.problems.append(
            f"{document.name}:1: the file: has an alias (*name) inside what it stands for; write it out"
        )
    except _TooLongError:
        document.problems.append(
            f"{document.name}:1: the file: has more than {MOST_VALUES} values once its aliases (*name) are written "
            "out; split it into several sources"
        )


class _TooLongError(Exception):
    """Aliases of aliases grow without end."""


def _loader() -> Any:
    """A loader that knows null, true, false, integers and decimals; everything else is text."""
    import yaml

    class Plain(yaml.SafeLoader):  # type: ignore[misc]  # yaml has no types
        yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}

    tag = "tag:yaml.org,2002:"
    Plain.add_implicit_resolver(tag + "bool", re.compile(r"^(true|false)$"), list("tf"))
    Plain.add_implicit_resolver(tag + "null", re.compile(r"^(null|~|)$"), ["n", "~", ""])
    Plain.add_implicit_resolver(tag + "int", re.compile(r"^-?(0|[1-9][0-9]*)$"), list("-0123456789"))
    Plain.add_implicit_resolver(tag + "float", re.compile(r"^-?(0|[1-9][0-9]*)\.[0-9]+$"), list("-0123456789"))
    return Plain


def _plain(node: Any, place: Place, document: Document) -> Any:
    import yaml

    document.lines[place] = node.start_mark.line + 1
    if len(document.lines) > MOST_VALUES:
        raise _TooLongError
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*place, at), document) for at, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        try:
            return _scalar(node)
        except ValueError:
            document.problems.append(document.problem(place, f"is no {node.tag.rpartition(':')[2]}; write a number"))
            return None
    found: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            told = f"{document.name}:{key_node.start_mark.line + 1}: {'.'.join(map(str, place)) or 'the file'}"
            document.problems.append(f"{told}: has a key that is no word; write `key: value`")
            continue
        key = str(key_node.value)
        here = (*place, key)
        if key in found:
            place_told = f"{document.name}:{key_node.start_mark.line + 1}: {'.'.join(map(str, here))}"
            document.problems.append(f"{place_told}: stands twice; keep one of them")
        found[key] = _plain(value_node, here, document)
        document.lines[here] = key_node.start_mark.line + 1
    return found


def _scalar(node: Any) -> Any:
    kind = node.tag.rpartition(":")[2]
    if kind == "bool":
        return node.value == "true"
    if kind == "int":
        return int(node.value)
    if kind == "float":
        return float(node.value)
    return None if kind == "null" else node.value
