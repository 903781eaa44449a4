"""What people said about being written to, and addresses that nobody writes to: the API's /v1/contacts."""

from functools import cache
from typing import Annotated

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import StringConstraints

from hub.access import Principal
from hub.api import Api
from hub.campaigns.contacts import Contacts
from hub.campaigns.models import Channel, ConsentRequest, Contact, SuppressionRequest
from hub.settings import ContactsSettings

api = Api("contacts")
contacts = cache(lambda: Contacts(ContactsSettings.read()))
CustomerId = Annotated[str, StringConstraints(pattern=r"^c[a-z2-7]{20}$")]


@api.get("/v1/contacts/<customer_id>", permission="contacts.read")
def show_contact(principal: Principal, customer_id: CustomerId) -> Contact:
    return contacts().show(principal, customer_id)


@api.put("/v1/contacts/<customer_id>/consents/<channel>", permission="contacts.write")
def state_consent(principal: Principal, customer_id: CustomerId, channel: Channel, request: ConsentRequest) -> Contact:
    """Write down what a person said; it holds from the next chunk of a running campaign."""
    return contacts().state(principal, customer_id, channel, request)


@api.post("/v1/contacts/suppressions", permission="contacts.write")
def suppress(principal: Principal, request: SuppressionRequest) -> None:
    """Never write to this address again."""
    contacts().suppress(principal, request)


def handler(event: dict, context: LambdaContext) -> dict:
    return api.resolve(event, context)
