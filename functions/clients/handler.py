"""Which machine clients there are, and stopping one: the API's /v1/clients."""

from functools import cache

from aws_lambda_powertools.utilities.typing import LambdaContext

from hub.access import Principal, audit
from hub.access.clients import ClientChange, Clients, MachineClient
from hub.api import Api, Page
from hub.settings import ApiSettings

api = Api("clients")
clients = cache(lambda: Clients(ApiSettings.read()))


@api.get("/v1/clients", permission="users.read")
def list_clients() -> Page[MachineClient]:
    """The machine clients of hub.yaml, and whether each is let in."""
    return Page(clients().all())


@api.patch("/v1/clients/<name>", permission="users.manage")
def change_client(principal: Principal, name: str, request: ClientChange) -> MachineClient:
    """Stop a client, or let it in again. The tokens that it has end within 15 seconds."""
    client = clients().change(name, request)
    audit.record(principal, "clients.change", client.name, enabled=client.enabled)
    return client


def handler(event: dict, context: LambdaContext) -> dict:
    return api.resolve(event, context)
