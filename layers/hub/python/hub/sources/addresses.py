"""Which machines the hub talks to: a manifest, a name server or an answer must not lead it into its own house."""

import ipaddress
import socket
from urllib.parse import urlsplit

from hub.sources.piece import SourceError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

METADATA = ipaddress.ip_network("fd00:ec2::/32")  # what a machine of AWS is told of itself, its rights among it
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # an IPv4 address behind a translator
COMPATIBLE = ipaddress.ip_network("::/96")
MOST_ADDRESSES = 4  # tried in turn, each as long as a connection may take


def is_own(url: str) -> bool:
    """Whether an address says itself that it is in the house: by a number that is not everybody's."""
    try:
        return not _meant(ipaddress.ip_address(urlsplit(url).hostname or "")).is_global
    except ValueError:
        return False


def checked(host: str, port: int, own: bool) -> list[str]:
    """The numbers of a host, each allowed; SourceError where one is not, gaierror where there is none.

    own: whether private and loopback numbers are meant.
    """
    found = dict.fromkeys(str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    for number in found:
        if what := _refusal(_meant(ipaddress.ip_address(number)), own):
            raise SourceError(f"{host} is {what}; the hub does not connect there; check the manifest")
    return list(found)[:MOST_ADDRESSES]


def _meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, where it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
    if inner is None and (address in TRANSLATED or (address in COMPATIBLE and int(address) > 1)):
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return inner or address


def _refusal(address: Address, own: bool) -> str | None:
    """What an address is that must not be asked; None where it may be."""
    if address.is_link_local or (address.version == 6 and address in METADATA):
        return "a link-local address, where the machine's own rights are told"
    if address.is_unspecified or address.is_multicast or str(address) == "255.255.255.255":
        return "no address of one machine"
    if not own and not address.is_global:
        return (
            "a private address, which only the manifest may name, and by its number; write the number there if so meant"
        )
    return None
