"""Consents and suppressions, as people of the organisation read and write them."""

from hub.access import Principal, audit
from hub.campaigns.audience import address_key, number
from hub.campaigns.choosing import POINTS
from hub.campaigns.consents import Consents
from hub.campaigns.keys import token_key
from hub.campaigns.models import ConsentRequest, Contact, SuppressionRequest
from hub.settings import ContactsSettings


class Contacts:
    def __init__(self, settings: ContactsSettings) -> None:
        self._settings = settings
        self._consents = Consents(settings.consent_table)

    def show(self, principal: Principal, customer_id: str) -> Contact:
        audit.record(principal, "contacts.read", customer_id)
        return self._consents.contact(customer_id)

    def state(self, principal: Principal, customer_id: str, channel: str, request: ConsentRequest) -> Contact:
        audit.record(principal, "contacts.write", customer_id, channel=channel, state=request.state)
        self._consents.state(customer_id, channel, request.state, request.basis, source=principal.id)
        return self._consents.contact(customer_id)

    def suppress(self, principal: Principal, request: SuppressionRequest) -> None:
        """The audit names the address by its key: the address itself stands nowhere."""
        address = number(request.address) if request.channel == "sms" else request.address
        key = address_key(token_key(self._settings.token_key_parameter), POINTS[request.channel], address)
        audit.record(principal, "contacts.write", key, channel=request.channel)
        self._consents.suppress(request.channel, key, request.reason)
