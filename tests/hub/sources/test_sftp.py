"""A real SFTP server in the process: pinned key, both sign-ins, ranges, a file that grows, words for what is wrong."""

import asyncio
import os
import threading
from contextlib import contextmanager

import asyncssh
import pytest

from hub.config.connections import FilesConnection
from hub.sources import SourceError, folder, sftp
from hub.sources.folder import Changed, Vanished

HOST, CLIENT = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")


class Doorman(asyncssh.SSHServer):
    def begin_auth(self, username):
        return True

    def password_auth_supported(self):
        return True

    def validate_password(self, username, password):
        return (username, password) == ("partner", "p:w")


@contextmanager
def serving(root, keys):
    """The port of a server that shows one folder, in a thread of its own."""
    loop, started, port = asyncio.new_event_loop(), threading.Event(), []

    async def serve():
        def own(channel):
            return asyncssh.SFTPServer(channel, chroot=os.fsencode(root))

        server = await asyncssh.listen(
            "127.0.0.1",
            0,
            server_host_keys=[HOST],
            authorized_client_keys=str(keys),
            server_factory=Doorman,
            sftp_factory=own,
        )
        port.append(server.get_port())
        started.set()
        await stop.wait()
        server.close()
        await server.wait_closed()

    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    started.wait(10)
    yield port[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    loop.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    root, keys = tmp_path_factory.mktemp("sftp"), tmp_path_factory.mktemp("keys") / "authorized"
    CLIENT.write_public_key(str(keys))
    (root / "drop/old").mkdir(parents=True)
    (root / "drop/a.csv").write_bytes(b"call_id,minutes\nK1,1\n")
    (root / "drop/old/b.csv").write_bytes(b"x" * 1000)
    (root / "drop/link.csv").symlink_to("/etc/passwd")
    with serving(root, keys) as port:
        yield root, port


@pytest.fixture
def signed_in(server, monkeypatch):
    """A folder of the server, by its secret."""
    root, port = server
    opened = []

    def made(word="p:w", host_key=None, user="partner@", path="/drop"):
        monkeypatch.setattr(sftp, "secret", lambda name: word)
        connection = FilesConnection(
            location=f"sftp://{user}127.0.0.1:{port}{path}",
            host_key=host_key or HOST.export_public_key().decode().strip(),
            authentication={"kind": "password", "secret": "/hub/calls/sftp"},
        )
        opened.append(sftp.Sftp(connection))
        return opened[-1], root / "drop"

    yield made
    for each in opened:
        each.close()


def test_files_are_listed_and_read_in_ranges(signed_in, monkeypatch):
    monkeypatch.setattr(folder, "WINDOW", 300)
    there, _ = signed_in()
    found = {each.name: each for each in there.listed()}
    assert sorted(found) == ["a.csv", "old/b.csv"], "what a link points to is not ours"
    assert there.open(found["a.csv"]).read() == b"call_id,minutes\nK1,1\n"
    file = there.open(found["old/b.csv"])
    file.seek(990)
    assert (file.read(), found["old/b.csv"].size) == (b"x" * 10, 1000)
    file.seek(0)
    assert file.read() == b"x" * 1000


@pytest.mark.parametrize(
    ("word", "user", "why"),
    [
        ("partner:p:w", "", "the user stands in the secret"),
        (CLIENT.export_private_key().decode(), "partner@", "a private key"),
        (f"partner:{CLIENT.export_private_key().decode()}", "", "both"),
    ],
)
def test_ways_to_sign_in(signed_in, word, user, why):
    there, _ = signed_in(word, user=user)
    assert len(list(there.listed())) == 2, why


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"word": "wrong"}, "refuses the sign-in"),
        ({"word": "-----BEGIN NONSENSE"}, "cannot be read; check `host_key`"),
        ({"host_key": CLIENT.export_public_key().decode().strip()}, "shows another key than `host_key`"),
    ],
)
def test_who_is_not_let_in(signed_in, given, told):
    with pytest.raises(SourceError, match=told) as refused:
        signed_in(**given)
    assert "wrong" not in refused.value.message


def test_a_folder_that_is_not_there(signed_in):
    there, _ = signed_in(path="/nowhere")
    with pytest.raises(SourceError, match=r"there is no folder sftp://127\.0\.0\.1/nowhere/; correct `location`"):
        there.listed()


def test_a_file_that_grows_or_goes_while_it_is_read(signed_in, monkeypatch):
    monkeypatch.setattr(folder, "WINDOW", 300)
    there, root = signed_in()
    path = root / "c.csv"
    path.write_bytes(b"x" * 1000)
    (found,) = [each for each in there.listed() if each.name == "c.csv"]
    file = there.open(found)
    assert len(file.read(600)) == 600
    path.write_bytes(b"x" * 1200)
    with pytest.raises(Changed, match="is still being written or was replaced"):
        file.read()
    path.unlink()
    with pytest.raises(Vanished, match="was taken away"):
        signed_in()[0].open(found).read()


def test_a_server_that_is_not_there(monkeypatch):
    monkeypatch.setattr(sftp, "secret", lambda name: "p")
    connection = FilesConnection(
        location="sftp://partner@127.0.0.1:1/drop",
        host_key=HOST.export_public_key().decode().strip(),
        authentication={"kind": "password", "secret": "/hub/calls/sftp"},
    )
    with pytest.raises(SourceError, match=r"cannot be reached or broke off"):
        sftp.Sftp(connection)
