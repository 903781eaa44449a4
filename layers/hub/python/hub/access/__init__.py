"""Who calls, what he may do, and the record of what he saw."""

from hub.access.permissions import PERMISSIONS, ROLES, SIGNED_IN, permissions_of
from hub.access.principal import Principal, principal_from

__all__ = ["PERMISSIONS", "ROLES", "SIGNED_IN", "Principal", "permissions_of", "principal_from"]
