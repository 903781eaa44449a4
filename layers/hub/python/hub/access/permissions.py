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
VERIFY = frozenset({"verifications.read", "verifications.write", "verifications.decide"})
GROUPS = frozenset({"groups.write"})
STEWARD = frozenset({"decisions.read", "decisions.write", "decisions.approve", "edits.write", "matches.read"})
"""Who is who is decided by stewards; who meets customers may propose a value."""
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
    | VERIFY
    | STEWARD
    | GROUPS
    | {"fixes.read", "fixes.undo", "customers.read", "prompts.write", "contacts.read", "contacts.write"},
    "service": UPLOAD
    | VERIFY
    | GROUPS
    | {"edits.write", "matches.read", "customers.read", "prompts.write", "contacts.read", "contacts.write"},
    "sales": RUN_REPORTS | UPLOAD | GROUPS | {"edits.write", "customers.read", "prompts.write", "contacts.read"},
    "auditor": OVERSEE | {"audit.read", "users.read", "campaigns.read"},
    "viewer": OVERSEE | {"reports.read"},
}
PURPOSES: Final[dict[str, str]] = {
    "admin": "Governs users, roles, sources and releases of campaigns.",
    "operator": "Keeps pulls and runs going.",
    "data_engineer": "Adds sources and models, mends what was refused.",
    "data_analysis_engineer": "Writes reports and segments, starts runs.",
    "analyst": "Answers questions with reports and segments.",
    "report_user": "Runs the reports that others have written.",
    "marketer": "Writes segments, messages and campaigns.",
    "approver": "Releases the campaigns of others.",
    "steward": "Decides who is who and which values hold.",
    "service": "Serves customers one by one.",
    "sales": "Sells to customers one by one.",
    "auditor": "Reads who saw and did what.",
    "viewer": "Sees how the hub does, and no person.",
}
"""Why somebody has a shipped role; custom roles say so themselves."""
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
