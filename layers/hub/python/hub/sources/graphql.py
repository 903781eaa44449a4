"""What a GraphQL service answers with 200 and still does not mean."""

import re
from typing import Any

from hub.sources.piece import SourceError

PASSING = re.compile(r"THROTTLED|RATE_?LIMIT(ED)?|TOO_MANY_REQUESTS|INTERNAL_SERVER_ERROR|TIMEOUT", re.I)


def problem(answer: Any) -> str | None:
    """What is wrong and may be over soon; SourceError for what stays wrong. Its words may hold a person's, so codes."""
    errors = answer.get("errors") if isinstance(answer, dict) else None
    if not errors:
        return None
    codes = [_code(each) for each in errors] if isinstance(errors, list) else [""]
    told = f"answered with errors ({_told(codes, errors)})"
    if any(PASSING.fullmatch(code) for code in codes):
        return told
    raise SourceError(f"the GraphQL query {told}; try it in the application's own GraphQL page")


def more_beside(path: str | None) -> str | None:
    """The path of hasNextPage beside the one of endCursor."""
    return path.removesuffix("endCursor") + "hasNextPage" if path and path.endswith(".endCursor") else None


def _code(error: Any) -> str:
    beside = error.get("extensions") if isinstance(error, dict) else None
    code = (beside.get("code") if isinstance(beside, dict) else None) or (
        error.get("type") if isinstance(error, dict) else None
    )
    return code if isinstance(code, str) and re.fullmatch(r"[A-Za-z_]{1,40}", code) else ""


def _told(codes: list[str], errors: Any) -> str:
    known = sorted({code for code in codes if code})
    path = errors[0].get("path") if isinstance(errors, list) and isinstance(errors[0], dict) else None
    parts = (
        [part for part in path if isinstance(part, str) and re.fullmatch(r"\w{1,40}", part)]
        if isinstance(path, list)
        else []
    )
    return f"{', '.join(known[:3]) or 'no code'}" + (f" at {'.'.join(parts)}" if parts else "")
