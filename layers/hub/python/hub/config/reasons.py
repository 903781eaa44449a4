"""Why a person decided something: the audit log keeps it for years, so it names nobody."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field


def _without_persons(text: str) -> str:
    if re.search(r"@|\d[\d\s().-]{6,}\d", text) or not text.strip():
        raise ValueError("holds an address or a long number; say it without, the audit log keeps it")
    return text


Reason = Annotated[str, Field(min_length=5, max_length=500), AfterValidator(_without_persons)]
