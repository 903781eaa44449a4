"""What SES says about a message after it was sent: receipts, and addresses that are never written to again."""

import re
from dataclasses import dataclass
from typing import Any, Final

from hub.campaigns.audience import address_key
from hub.campaigns.consents import Consents
from hub.campaigns.items import Item
from hub.campaigns.keys import token_key
from hub.campaigns.ledger import by_events, total_of
from hub.campaigns.steps import logger
from hub.campaigns.store import CampaignStore, entries_of_item, events_of
from hub.settings import MailEventsSettings

CHANNEL: Final = "email"
RESPONSES: Final = {
    "Delivery": "delivered", "Open": "opened", "Click": "clicked", "Bounce": "bounced", "Complaint": "complained",
}  # fmt: skip
"""What of it tells of the person; opens are asked of SES only where somebody adds them to the configuration set."""
KINDS: Final = frozenset({"Send", "DeliveryDelay", "Reject", "Rendering Failure", *RESPONSES})
TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class MailEvent:
    """One event of SES. addresses: those that must not be written to again, and why."""

    kind: str
    at: str
    send_id: str
    run_id: str
    chunk: int
    addresses: tuple[str, ...] = ()
    reason: str = ""

    @classmethod
    def read(cls, event: dict[str, Any]) -> "MailEvent | None":
        """None for an event of a kind or of a message that is not ours."""
        kind, message = event.get("eventType"), event.get("mail") or {}
        tags = {name: values[0] for name, values in (message.get("tags") or {}).items() if values}
        send_id, run_id, chunk = (str(tags.get(name, "")) for name in ("send_id", "run_id", "chunk"))
        ours = (
            re.fullmatch(r"[0-9a-f]{26}", send_id)
            and re.fullmatch(r"[a-z0-9]{1,40}", run_id)
            and re.fullmatch(r"\d{1,7}", chunk)
        )
        if kind not in KINDS or not ours:
            return None
        addresses, reason = _to_suppress(kind, event)
        detail = event.get(str(kind).lower())
        at = str((detail if isinstance(detail, dict) else {}).get("timestamp") or message.get("timestamp", ""))
        return cls(kind, at, send_id, run_id, int(chunk), addresses, reason)


def _to_suppress(kind: str, event: dict[str, Any]) -> tuple[tuple[str, ...], str]:
    if kind == "Bounce" and event["bounce"].get("bounceType") == "Permanent":
        return tuple(each["emailAddress"] for each in event["bounce"]["bouncedRecipients"]), "bounced"
    if kind == "Complaint":
        return tuple(each["emailAddress"] for each in event["complaint"]["complainedRecipients"]), "complained"
    return (), ""


class MailEvents:
    def __init__(self, settings: MailEventsSettings) -> None:
        self._settings = settings
        self._campaigns = CampaignStore(settings.campaigns_table)
        self._consents = Consents(settings.consent_table)

    def take(self, event: dict[str, Any]) -> None:
        """Write down one event. A repeat changes nothing."""
        found = MailEvent.read(event)
        if found is None:
            logger.info("an event of no message of ours")
            return
        item = self._campaigns.chunk(found.run_id, found.chunk)
        entry = (item or {}).get("entries", {}).get(found.send_id)
        if entry is None:
            logger.info("an event of no message of ours", extra={"run_id": found.run_id, "chunk": found.chunk})
            return
        key = token_key(self._settings.token_key_parameter)
        for address in found.addresses:
            self._consents.suppress(CHANNEL, address_key(key, CHANNEL, address), found.reason, entry["customer_id"])
        if found.kind in RESPONSES:
            kind = RESPONSES[found.kind]
            self._consents.respond(entry["customer_id"], CHANNEL, kind, found.send_id, found.at)
        changed = self._campaigns.add_event(found.run_id, found.chunk, found.send_id, found.kind, found.at)
        if changed is not None:
            self._clear_up(changed, found)

    def _clear_up(self, item: Item | None, event: MailEvent) -> None:
        """An event about an uncertain message settles it."""
        for _ in range(TRIES):
            if item is None or item["state"] != "settled":
                return
            before = entries_of_item(item)[event.send_id]
            after = by_events(before, set(events_of(item)[event.send_id])) if before.state == "uncertain" else None
            if after is None or self._campaigns.correct(
                item, event.send_id, after.item(), total_of(before), total_of(after)
            ):
                return
            item = self._campaigns.chunk(event.run_id, event.chunk)
