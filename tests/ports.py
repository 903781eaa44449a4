"""Ports on loopback for servers that are told theirs before they start."""

import itertools
import os
import socket

FIRST, COUNT = 20_000, 12_000  # below those that the system gives to connections, which would be in the way
A_PROCESS = 48

_used = itertools.count()


def free_port() -> int:
    """One that nobody listens on. Processes of tests that run side by side go through blocks of their own."""
    for number in itertools.islice(_used, COUNT):
        port = FIRST + (os.getpid() * A_PROCESS + number) % COUNT
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free on 127.0.0.1")
