"""The users of the hub: a view of the user pool. A change of roles or of `enabled` voids the user's tokens at once."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from hub import aws
from hub.access.principal import Principal
from hub.access.roles import Roles
from hub.access.store import Revocations, Uses
from hub.errors import BadRequest, Conflict, InvalidInput, NotFound
from hub.settings import UsersSettings

AT_ONCE = 8
MANAGE = "users.manage"


class NewUser(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    username: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,127}$")
    email: str = Field(pattern=r"^[^@\s]{1,64}@[^@\s]{1,190}$")
    roles: list[str] = Field(max_length=60)


class UserChange(BaseModel):
    """What is not given stays as it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    roles: list[str] | None = Field(None, max_length=60)
    enabled: bool | None = None
    purpose: str | None = Field(None, min_length=1, max_length=300, description="Why he may use the hub.")


@dataclass(frozen=True, slots=True)
class User:
    id: str
    username: str
    email: str | None
    roles: list[str]
    enabled: bool
    state: str


class Directory:
    def __init__(self, settings: UsersSettings, now: Callable[[], float] = time.time) -> None:
        self._pool_id = settings.user_pool_id
        self._revocations = Revocations(settings.access_table)
        self._roles = Roles(settings.access_table)
        self._uses = Uses(settings.access_table)
        self._now = now

    def page(self, after: str | None, limit: int) -> tuple[list[User], str | None]:
        """Users as the pool orders them (it pages by at most 60), and the pool's own cursor."""
        pool = self._pool
        more = {"PaginationToken": after} if after else {}
        try:
            answer = pool.list_users(UserPoolId=self._pool_id, Limit=min(limit, 60), **more)
        except pool.exceptions.InvalidParameterException as error:
            raise BadRequest("The cursor `after` is not one that a list gave as `next`") from error
        with ThreadPoolExecutor(AT_ONCE) as workers:
            users = list(workers.map(lambda found: self._user(found, found["Attributes"]), answer["Users"]))
        return users, answer.get("PaginationToken")

    def get(self, username: str) -> User:
        try:
            found = self._pool.admin_get_user(UserPoolId=self._pool_id, Username=username)
        except (
            self._pool.exceptions.UserNotFoundException,
            self._pool.exceptions.InvalidParameterException,  # a name that no user can have
        ) as error:
            raise NotFound("There is no such user") from error
        return self._user(found, found["UserAttributes"])

    def create(self, by: Principal, new: NewUser) -> User:
        """Make a user; the pool sends the invitation with a temporary password by e-mail. Nobody else learns it.

        Forbidden for a role that gives what `by` may not do himself.
        """
        self._roles.check_grant(by, new.roles)
        pool, of_user = self._pool, {"UserPoolId": self._pool_id, "Username": new.username}
        attributes = [{"Name": "email", "Value": new.email}, {"Name": "email_verified", "Value": "true"}]
        try:
            pool.admin_create_user(**of_user, UserAttributes=attributes, DesiredDeliveryMediums=["EMAIL"])
        except pool.exceptions.UsernameExistsException as error:
            raise Conflict("There is a user of this name") from error
        except pool.exceptions.InvalidParameterException as error:
            raise InvalidInput("The pool does not take this user name or e-mail address") from error
        for role in new.roles:
            pool.admin_add_user_to_group(**of_user, GroupName=role)
        return self.get(new.username)

    def change(self, by: Principal, username: str, change: UserChange) -> User:
        """Set the roles, or whether the user may sign in, or both. Rights that are taken go before rights are given.

        Forbidden for a new role that gives what `by` may not do himself. Conflict where he would lock himself out: so
        the hub always has an administrator.
        """
        user, pool = self.get(username), self._pool
        if change.purpose is not None:
            self._uses.set_purpose(user.id, change.purpose)
        if change.roles is None and change.enabled is None:
            return user
        self._roles.check_grant(by, set(change.roles or []) - set(user.roles))
        stays = change.roles is None or MANAGE in self._roles.permissions(change.roles)
        if user.id == by.id and (change.enabled is False or not stays):
            raise Conflict("Nobody takes his own administration away; another administrator can")
        of_user = {"UserPoolId": self._pool_id, "Username": username}
        if change.enabled is False:
            pool.admin_disable_user(**of_user)
            pool.admin_user_global_sign_out(**of_user)
        if change.roles is not None:
            for role in set(user.roles) - set(change.roles):
                pool.admin_remove_user_from_group(**of_user, GroupName=role)
            for role in set(change.roles) - set(user.roles):
                pool.admin_add_user_to_group(**of_user, GroupName=role)
        if change.enabled:
            pool.admin_enable_user(**of_user)
        self._revocations.revoke(user.id, self._now(), sessions=change.enabled is False)
        return self.get(username)

    def _user(self, found: dict[str, Any], attributes: list[dict[str, str]]) -> User:
        named = {attribute["Name"]: attribute["Value"] for attribute in attributes}
        groups = self._pool.admin_list_groups_for_user(UserPoolId=self._pool_id, Username=found["Username"], Limit=60)
        held = sorted(group["GroupName"] for group in groups["Groups"])
        return User(named["sub"], found["Username"], named.get("email"), held, found["Enabled"], found["UserStatus"])

    @property
    def _pool(self) -> Any:
        return aws.client("cognito-idp")
