"""How much a caller may ask for: what hub.yaml says, as the API's functions are told it."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from hub.access.principal import Principal


class Limit(BaseModel):
    """So many requests a minute in the long run, and `burst` at once by who was quiet before."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    per_minute: int = Field(ge=1, le=60_000)
    burst: int = Field(ge=1, le=10_000)


class Limits(BaseModel):
    """Of users by role and of machine clients by name; `default` holds for who is not named."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    default: Limit = Limit(per_minute=1200, burst=300)
    roles: Mapping[str, Limit] = {}
    clients: Mapping[str, Limit] = {}

    def of(self, principal: Principal) -> Limit:
        """The limit of the caller: the largest of his roles, as rights are the union of his roles."""
        if principal.client is not None:
            return self.clients.get(principal.client, self.default)
        mine = [self.roles.get(role, self.default) for role in principal.roles] or [self.default]
        return max(mine, key=lambda limit: (limit.per_minute, limit.burst))
