"""Who calls: made from the claims that the gateway verified, strict where the gateway is not.

The gateway's JWT authoriser proves signature, issuer, audience and time where the claims are present. It lets an id
token pass and a token without `exp`, and it hands groups on as the text "[admin viewer]".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.access.permissions import GRANTABLE, RESOURCE_SERVER, permissions_of
from hub.errors import Forbidden, Unauthenticated

REFUSED = "Sign in again: the access token is not valid here"
CLIENT = "client:"
"""What a machine client's id begins with; no user's does."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A signed-in user or a machine client. `id` is the pool's `sub`, which never changes and says nothing about the
    person, or `client:<name>`.

    granted: what custom roles give beside the shipped ones, or a client's scopes.
    """

    id: str
    username: str
    roles: frozenset[str]
    issued_at: int
    expires_at: int
    granted: frozenset[str] = frozenset()
    permissions: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "permissions", permissions_of(self.roles) | self.granted)

    @property
    def client(self) -> str | None:
        """The machine client's name in hub.yaml; None for a user."""
        return self.id.removeprefix(CLIENT) if self.id.startswith(CLIENT) else None

    def may(self, permission: str) -> bool:
        return permission in self.permissions

    def require(self, permission: str) -> None:
        """Forbidden unless one of the roles gives the permission; says nothing about the thing asked for."""
        if not self.may(permission):
            given_by = "scopes" if self.client else "roles"
            raise Forbidden(f"This needs the permission {permission}, which none of your {given_by} gives")


def principal_from(
    claims: Mapping[str, object], client_id: str, now: float, machines: Mapping[str, str] | None = None
) -> Principal:
    """The principal of verified claims; Unauthenticated for anything but a live access token of a client of ours.

    client_id: of the client that users sign in with. now: epoch seconds. machines: names of machine clients by id.
    """
    issued_at, expires_at = _seconds(claims.get("iat")), _seconds(claims.get("exp"))
    if claims.get("token_use") != "access" or issued_at is None or expires_at is None or expires_at <= now:
        raise Unauthenticated(REFUSED)
    presented = claims.get("client_id")
    if isinstance(presented, str) and presented in (machines or {}):
        name = CLIENT + (machines or {})[presented]
        return Principal(name, name, frozenset(), issued_at, expires_at, _scopes(claims, presented))
    subject, username = claims.get("sub"), claims.get("username")
    if not client_id or presented != client_id:
        raise Unauthenticated(REFUSED)
    if not (isinstance(subject, str) and subject.strip() and isinstance(username, str) and username.strip()):
        raise Unauthenticated(REFUSED)
    return Principal(subject, username, _groups(claims.get("cognito:groups")), issued_at, expires_at)


def _scopes(claims: Mapping[str, object], client_id: str) -> frozenset[str]:
    """The permissions of a machine's token. One that speaks of a user was not got by client credentials: refused."""
    scopes = claims.get("scope")
    if claims.get("sub") != client_id or "username" in claims or "cognito:groups" in claims:
        raise Unauthenticated(REFUSED)
    if not isinstance(scopes, str):
        raise Unauthenticated(REFUSED)
    prefix = f"{RESOURCE_SERVER}/"
    return GRANTABLE & {scope.removeprefix(prefix) for scope in scopes.split(" ") if scope.startswith(prefix)}


def _seconds(value: object) -> int | None:
    """Epoch seconds given as a number or as the gateway's text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


def _groups(value: object) -> frozenset[str]:
    """ "[admin viewer]" -> {admin, viewer}. A missing claim is a user without a role; any other form is refused."""
    if value is None:
        return frozenset()
    if not isinstance(value, str) or not (value.startswith("[") and value.endswith("]")):
        raise Unauthenticated(REFUSED)
    return frozenset(value[1:-1].split())
