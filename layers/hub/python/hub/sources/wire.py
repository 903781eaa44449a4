"""Connections that go to a checked address only, and do not wait for ever for an answer that drips."""

import http.client
import io
import logging
import socket
import time
from typing import Any
from urllib.parse import urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError

from hub.sources.addresses import checked

# It writes whole addresses, and with them a key in a parameter, also as a warning where headers are odd.
logging.getLogger("urllib3").setLevel(logging.ERROR)

LONGEST_EXCHANGE = 90.0  # seconds for headers and body; each single wait has the source's own time-out


class _Until(io.RawIOBase):
    """Reads on until a moment."""

    def __init__(self, raw: Any) -> None:
        self._raw, self._ends = raw, time.monotonic() + LONGEST_EXCHANGE

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if time.monotonic() > self._ends:
            raise TimeoutError("drips")
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(_Until(self.fp.detach()))


class _Checked(HTTPConnection):
    """Connects to the very number that was checked, so that a name cannot change its meaning in between."""

    response_class = _Response

    def __init__(self, *args: Any, own: bool, **options: Any) -> None:
        self._own = own
        super().__init__(*args, **options)

    def _new_conn(self) -> socket.socket:
        name = self._dns_host
        try:
            numbers = checked(name, int(self.port or 0), self._own)
        except (socket.gaierror, UnicodeError) as error:
            raise NameResolutionError(self.host, self, socket.gaierror(str(error))) from error
        failure: ConnectTimeoutError | None = None
        for number in numbers:
            self._dns_host = number
            try:
                return super()._new_conn()
            except ConnectTimeoutError as error:  # also where nobody listens
                failure = error
            finally:
                self._dns_host = name  # the certificate is asked for by name
        raise failure or NameResolutionError(self.host, self, socket.gaierror("no address"))


class _CheckedTls(_Checked, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Checked


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _CheckedTls


def pool(url: str, own: bool, **options: Any) -> HTTPConnectionPool:
    """Connections to the host of an address; each is checked when it is made."""
    parts = urlsplit(url)
    kind = _TlsPool if parts.scheme == "https" else _Pool
    return kind(parts.hostname or "", parts.port, own=own, **options)
