"""What each shipped role may do. Roles are groups of the user pool; rights are the union over a user's roles."""

from collections.abc import Iterable
from typing import Final

SIGNED_IN: Final = "signed_in"
"""The permission that every user has, whatever his roles."""

OVERSEE = frozenset({"sources.read", "pulls.read", "runs.read", "tables.read", "uploads.read"})
UPLOAD = frozenset({"uploads.read", "uploads.write"})
RUN_REPORTS = frozenset({"reports.read", "reports.run"})
REFUSED = frozenset({"quarantine.read", "quarantine.replay"})
LISTS = frozenset({"lists.read", "lists.write"})
WRITE_REPORTS = RUN_REPORTS | {"reports.write", "results.download", "tables.read"}

ROLES: Final[dict[str, frozenset[str]]] = {
    "operator": OVERSEE | UPLOAD | {"sources.manage", "pulls.start", "pulls.decide", "runs.start"},
    "data_engineer": OVERSEE
    | WRITE_REPORTS
    | {"sources.manage", "pulls.start", "pulls.decide", "runs.start"}
    | UPLOAD
    | REFUSED
    | LISTS,
    "data_analysis_engineer": OVERSEE | WRITE_REPORTS | {"runs.start", "segments.read", "segments.write"},
    "analyst": OVERSEE | WRITE_REPORTS | {"segments.read", "segments.write"},
    "report_user": RUN_REPORTS,
    "marketer": RUN_REPORTS
    | {"tables.read", "segments.read", "segments.write", "templates.read", "templates.write"}
    | {"campaigns.read", "campaigns.write"},
    "approver": RUN_REPORTS | {"segments.read", "templates.read", "campaigns.read", "campaigns.approve"},
    "steward": OVERSEE
    | UPLOAD
    | REFUSED
    | LISTS
    | {"fixes.read", "fixes.undo", "customers.read", "contacts.read", "contacts.write"},
    "service": UPLOAD | {"customers.read", "contacts.read", "contacts.write"},
    "sales": RUN_REPORTS | UPLOAD | {"customers.read", "contacts.read"},
    "auditor": OVERSEE | {"audit.read", "users.read", "campaigns.read"},
    "viewer": OVERSEE | {"reports.read"},
}
# An admin governs users, sources and releases of campaigns, and reads no customer silently: each look-up is audited.
ROLES["admin"] = frozenset().union(*ROLES.values(), {"users.read", "users.manage"})

GRANTABLE: Final = ROLES["admin"]
"""Every permission that a role may give."""
RESOURCE_SERVER: Final = "hub"
"""A machine client's scope is this, a slash and a permission."""
PERMISSIONS: Final = GRANTABLE | {SIGNED_IN}
"""Every permission that a route may ask for."""


def permissions_of(roles: Iterable[str]) -> frozenset[str]:
    """The union of what the shipped roles may do. Any other role gives nothing here."""
    return frozenset({SIGNED_IN}).union(*(ROLES.get(role, frozenset()) for role in roles))
