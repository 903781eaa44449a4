"""What people said about being written to, and addresses that nobody writes to: the API's /v1/contacts."""

from functools import cache
from typing import Annotated

from pydantic import StringConstraints

from hub.access import Principal
from hub.api import Api, Page
from hub.campaigns.contacts import Contacts
from hub.campaigns.models import Channel, ConsentRequest, Contact, ReachRequest, SuppressionRequest
from hub.capture.points import ContactPoint, ContactPoints
from hub.settings import CaptureSettings

api = Api("contacts")
contacts = cache(lambda: Contacts(CaptureSettings.read()))
points = cache(lambda: ContactPoints(CaptureSettings.read()))
CustomerId = Annotated[str, StringConstraints(pattern=r"^c[a-z2-7]{20}$")]
PointId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


@api.get("/v1/contacts/<customer_id>", permission="contacts.read")
def show_contact(principal: Principal, customer_id: CustomerId) -> Contact:
    return contacts().show(principal, customer_id)


@api.put("/v1/contacts/<customer_id>/consents/<channel>", permission="contacts.write")
def state_consent(principal: Principal, customer_id: CustomerId, channel: Channel, request: ConsentRequest) -> Contact:
    """Write down what a person said; it holds from the next chunk of a running campaign."""
    return contacts().state(principal, customer_id, channel, request)


@api.get("/v1/contacts/<customer_id>/points", permission="contacts.read")
def list_points(principal: Principal, customer_id: CustomerId) -> Page[ContactPoint]:
    """Every address, number, site and handle of the customer, with its standing and consent."""
    return Page(points().all(principal, customer_id))


@api.put("/v1/contacts/<customer_id>/points/<point_id>/consent", permission="contacts.write")
def state_point_consent(
    principal: Principal, customer_id: CustomerId, point_id: PointId, request: ConsentRequest
) -> ContactPoint:
    return points().state(principal, customer_id, point_id, request)


@api.put("/v1/contacts/<customer_id>/points/<point_id>/reach", permission="contacts.write")
def state_reach(
    principal: Principal, customer_id: CustomerId, point_id: PointId, request: ReachRequest
) -> ContactPoint:
    """A letter came back, a number is dead; or it works again."""
    return points().reach(principal, customer_id, point_id, request)


@api.post("/v1/contacts/suppressions", permission="contacts.write")
def suppress(principal: Principal, request: SuppressionRequest) -> None:
    """Never write to this address again."""
    contacts().suppress(principal, request)


handler = api.resolve
