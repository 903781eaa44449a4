"""What was just pushed about a known customer, on his time line at once; the next run makes it exact.

Only what needs no SQL is understood: columns by their names and literal texts. An entry has the place that the run will
give it, so the run writes over it; one that the pull refuses goes away by itself.
"""

import hmac
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from hub import aws, config
from hub.collect import bodies
from hub.config import DataSet
from hub.config.models import key_columns
from hub.config.names import pushed
from hub.customers.store import ProfileStore
from hub.customers.tokens import token_key
from hub.settings import RecentSettings

ENTITY: Final = "interaction"
SHOWN: Final = ("kind", "channel", "direction", "outcome", "reference")
KEPT_SECONDS: Final = 2 * 86_400
PART: Final = "\x1f"
TOKEN_CHARACTERS: Final = 32  # as hub.quality.tokens makes them


class Recent:
    def __init__(self, settings: RecentSettings) -> None:
        self._deployment = config.read(settings.hub_home)
        self._bucket, self._key = settings.vault_bucket, token_key(settings.token_key_parameter)
        self._profiles = ProfileStore(settings.profiles_table, self._key)

    def show(self, source: str, data_set: str, name: str) -> int:
        """Put the events of one arrival on their customers' time lines; how many were known."""
        manifest = self._deployment.sources.get(source)
        rules = manifest.data_sets.get(data_set) if manifest else None
        if rules is None or not is_shown(rules):
            return 0
        body = aws.client("s3").get_object(Bucket=self._bucket, Key=pushed(source, data_set) + name)["Body"].read()
        entries = [each for event in bodies.read(body, "").events if (each := self._entry(source, rules, event))]
        owners = self._profiles.parts.owners(each["customer_record_key"] for each in entries)
        shown = 0
        for entry in entries:
            owner = owners.get(entry.pop("customer_record_key"))
            if owner and self._profiles.add_event(owner, entry, int(time.time()) + KEPT_SECONDS):
                shown += 1
        return shown

    def _entry(self, source: str, rules: DataSet, event: Any) -> dict[str, Any] | None:
        """None for an event that names nobody, has no moment, or whose key is not understood."""
        if not isinstance(event, dict):
            return None
        mapped = rules.entity[ENTITY]
        moment = _moment(_value(rules, mapped.get("happened_at", ""), event))
        own = key_columns(mapped["source_key"]) or list(rules.keys.business)
        record_key = self._token(source, ENTITY, rules, own, event)
        customer = self._token(source, "customer", rules, key_columns(mapped["customer_source_key"]), event)
        values = {name: _value(rules, mapped.get(name, ""), event) for name in SHOWN}
        if not (moment and record_key and customer and values["kind"]):
            return None
        about = {"source": source, "record_key": record_key, "happened_at": moment, "customer_record_key": customer}
        return {**{name: value for name, value in values.items() if value}, **about}

    def _token(self, source: str, entity: str, rules: DataSet, columns: Any, event: Mapping[str, Any]) -> str | None:
        parts = [_value(rules, column, event) for column in columns or ()]
        if not parts or None in parts:
            return None
        text = f"{source}|{entity}|{PART.join(map(str, parts))}"
        return hmac.digest(self._key, text.encode(), "sha256").hex()[:TOKEN_CHARACTERS]


def is_shown(rules: DataSet) -> bool:
    """Whether a data set tells of interactions with customers that its source knows by a key."""
    return "customer_source_key" in rules.entity.get(ENTITY, {})


def _value(rules: DataSet, expression: str, event: Mapping[str, Any]) -> str | None:
    literal = re.fullmatch(r"'([^']*)'", expression)
    if literal:
        return literal[1]
    column = rules.columns.get(expression)
    value = event.get(column.source_name or expression) if column else None
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value) or None


def _moment(text: str | None) -> str | None:
    """A moment with its zone, as the time line has it; others are left to the run."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    if found.tzinfo is None:
        return None
    return found.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
