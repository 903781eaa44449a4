"""What roles there are and what they give: the API's /v1/roles."""

from functools import cache

from aws_lambda_powertools.utilities.typing import LambdaContext

from hub.access import Principal, audit
from hub.access.roles import CustomRoles, NewRole, Role, Roles, RoleText
from hub.api import Api, Created, Page
from hub.settings import UsersSettings

api = Api("roles")
custom = cache(lambda: CustomRoles(UsersSettings.read()))


@api.get("/v1/roles", permission="users.read")
def list_roles() -> Page[Role]:
    """Shipped roles and custom ones, each with its permissions."""
    return Page(Roles(UsersSettings.read().access_table).all())


@api.post("/v1/roles", permission="users.manage")
def create_role(principal: Principal, request: NewRole) -> Created[Role]:
    """Make a custom role of permissions that one has oneself."""
    role = custom().create(principal, request)
    audit.record(principal, "roles.create", role.name, permissions=" ".join(role.permissions))
    return Created(role)


@api.put("/v1/roles/<name>", permission="users.manage")
def change_role(principal: Principal, name: str, request: RoleText) -> Role:
    """Say anew what a custom role gives. It holds for everybody who has it within 15 seconds."""
    role = custom().change(principal, name, request)
    audit.record(principal, "roles.change", role.name, permissions=" ".join(role.permissions))
    return role


@api.delete("/v1/roles/<name>", permission="users.manage")
def delete_role(principal: Principal, name: str) -> None:
    """Delete a custom role that nobody has."""
    custom().delete(name)
    audit.record(principal, "roles.delete", name)


def handler(event: dict, context: LambdaContext) -> dict:
    return api.resolve(event, context)
