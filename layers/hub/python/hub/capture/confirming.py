"""The link of a double opt-in: it works once, and what it says holds as the person's own word."""

from hub.access import Principal, audit
from hub.campaigns.consents import Consents
from hub.campaigns.items import now_text
from hub.capture.store import VerificationStore

LINK = Principal("link", "link", frozenset(), 0, 0)
"""Whoever has the message; nobody is signed in."""


def confirm(consent_table: str, verification_id: str) -> bool:
    """The address is verified and consent is written down; False for a link that was used or is nobody's any more."""
    store = VerificationStore(consent_table)
    item = store.get(verification_id)
    if item["state"] != "pending" or item["method"] != "double_opt_in":
        return False
    audit.record(LINK, "verifications.confirm", verification_id)
    if not store.settle(item, "verified", {"settled_at": now_text()}):
        return False
    Consents(consent_table).state(item["customer_id"], "email", "granted", f"double opt-in {verification_id}", "hub")
    return True
