"""The way to a database on a server: to the very number that was checked, and with TLS unless it is one's own."""

import ipaddress
import socket
import ssl
from pathlib import Path
from tempfile import NamedTemporaryFile
from urllib.parse import parse_qsl, unquote, urlsplit

from hub.config.connections import SqlConnection
from hub.sources import addresses
from hub.sources.piece import SourceError

CONNECTING = 10  # seconds


class Remote:
    """Where a database is. host: its name, "" for a socket on this machine. number: the address that was checked."""

    def __init__(self, connection: SqlConnection, port: int) -> None:
        parts = urlsplit(connection.url)
        self.options = dict(parse_qsl(parts.query))
        self.host, self.port = parts.hostname or "", parts.port or port
        self.user = unquote(parts.username or "") or self.options.get("user", "")
        self.database = self.options.get("dbname") or unquote(parts.path.removeprefix("/"))
        self.numbers = self._checked(connection) if self.host else []
        self.tls = bool(self.host) and connection.tls != "none" and not (connection.tls is None and self._is_here())
        self._authority = connection.authority

    @property
    def told(self) -> str:
        return self.host or "this machine"

    def context(self) -> ssl.SSLContext:
        """TLS that checks the certificate and the name in it."""
        try:
            return ssl.create_default_context(cadata=self._authority)
        except ssl.SSLError as error:
            raise SourceError("`authority` is no certificate in PEM; write it anew") from error

    def authorities(self) -> Path:
        """The certificates that may vouch for the server, as a file of this worker."""
        text = self._authority or "".join(map(ssl.DER_cert_to_PEM_cert, self.context().get_ca_certs(binary_form=True)))
        if not text:
            raise SourceError("this machine knows no authorities for TLS; name the server's by `authority`")
        with NamedTemporaryFile("w", prefix="hub-", suffix=".pem", delete=False) as file:
            file.write(text)
        return Path(file.name)

    def _checked(self, connection: SqlConnection) -> list[str]:
        by_number = addresses.is_own(connection.url)
        try:
            numbers = addresses.checked(self.host, self.port, by_number or connection.private)
        except (socket.gaierror, UnicodeError) as error:
            raise SourceError(f"the host {self.host} is not known; correct `url`") from error
        if not by_number and any(ipaddress.ip_address(number).is_loopback for number in numbers):
            raise SourceError(f"{self.host} is this machine itself; the hub connects there by a number only")
        return numbers

    def _is_here(self) -> bool:
        return all(ipaddress.ip_address(number).is_loopback for number in self.numbers)
