"""The attributes of a customer out of the one text that a record carries: a line `name=value` each."""


def parsed(text: str | None) -> dict[str, str]:
    """Attribute -> its value as text."""
    found = {}
    for line in (text or "").split("\n"):
        name, sign, value = line.partition("=")
        if sign:
            found[name] = _unescaped(value)
    return found


def _unescaped(value: str) -> str:
    if "\\" not in value:
        return value
    signs = {"n": "\n", "r": "\r"}
    pieces, at = [], 0
    while at < len(value):
        if value[at] == "\\" and at + 1 < len(value):
            pieces.append(signs.get(value[at + 1], value[at + 1]))
            at += 2
        else:
            pieces.append(value[at])
            at += 1
    return "".join(pieces)
