"""Who calls, what he may do, and the record of what he saw."""

from hub.access.permissions import GRANTABLE, PERMISSIONS, ROLES, SIGNED_IN, permissions_of
from hub.access.principal import Principal, principal_from

__all__ = ["GRANTABLE", "PERMISSIONS", "ROLES", "SIGNED_IN", "Principal", "permissions_of", "principal_from"]
