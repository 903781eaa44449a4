"""Files on an SFTP server whose key is pinned; read in windows, and only in the state that was listed."""

import asyncio
import stat
from collections.abc import Coroutine, Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import asyncssh

from hub.config.connections import FilesConnection
from hub.sources import addresses
from hub.sources.folder import Changed, Found, Ranged, Vanished
from hub.sources.piece import SourceError
from hub.sources.rest import secret

CONNECTING, ANSWERING = 15.0, 60.0  # seconds
DEEPEST, MOST = 8, 100_000  # folders within each other, files in all
Answer = TypeVar("Answer")


class Sftp:
    """One connection for the time of a pull."""

    def __init__(self, connection: FilesConnection) -> None:
        assert connection.location and connection.host_key and connection.authentication, "the manifest's rules ask it"
        url = urlsplit(connection.location)
        self._host, self._port = url.hostname or "", url.port or 22
        self._folder = unquote(url.path).rstrip("/") or "."
        self._told = f"sftp://{self._host}{unquote(url.path).rstrip('/')}/"
        user, word = unquote(url.username or ""), secret(connection.authentication.secret)
        if not user:
            user, _, word = word.partition(":")
        self._files: dict[str, Any] = {}
        self._runner = asyncio.Runner()
        try:
            self._client = self._run(self._connected(connection.host_key, user, word), CONNECTING)
        except BaseException:
            self._runner.close()
            raise

    def listed(self) -> Iterator[Found]:
        found: list[Found] = []
        self._run(self._walk("", 0, found), ANSWERING)
        return iter(found)

    def open(self, found: Found) -> Ranged:
        return Ranged(found.size, lambda start, end: self._run(self._range(found, start, end), ANSWERING))

    def told(self, name: str) -> str:
        return self._told + name

    def close(self) -> None:
        """Hang up; what the server thinks of it does not matter any more."""
        self._ssh.abort()
        self._runner.close()

    async def _connected(self, host_key: str, user: str, word: str) -> Any:
        private = word.lstrip().startswith("-----BEGIN")
        try:
            pinned = asyncssh.import_public_key(host_key)
            keys = [asyncssh.import_private_key(word)] if private else None
        except asyncssh.KeyImportError as error:
            raise SourceError(
                f"a key for {self._told} cannot be read; check `host_key`, and the private key in the secret"
            ) from error
        # To the very number that was checked; the key says whose machine it is.
        number, *_ = addresses.checked(self._host, self._port, addresses.is_own(f"sftp://{self._host}"))
        self._ssh = await asyncssh.connect(
            number,
            self._port,
            username=user,
            password=None if private else word,
            client_keys=keys,
            known_hosts=([pinned], [], []),
            agent_path=None,
            config=None,
            keepalive_interval=15,
        )
        return await self._ssh.start_sftp_client()

    async def _walk(self, under: str, depth: int, found: list[Found]) -> None:
        async for entry in self._client.scandir(f"{self._folder}/{under}".rstrip("/")):
            name, kind = entry.filename, entry.attrs
            if name in (".", "..") or len(found) >= MOST:
                continue
            if stat.S_ISDIR(kind.permissions or 0) and depth < DEEPEST:
                await self._walk(f"{under}{name}/", depth + 1, found)
            elif stat.S_ISREG(kind.permissions or 0):
                modified = datetime.fromtimestamp(kind.mtime or 0, UTC)
                found.append(Found(f"{under}{name}", _version(kind), kind.size or 0, modified))

    async def _range(self, found: Found, start: int, end: int) -> bytes:
        """Some bytes; the file is looked at before its first and behind its last, in case it is still being written."""
        path = f"{self._folder}/{found.name}"
        if found.name not in self._files:
            await self._unchanged(found, path)
            for name in list(self._files):
                await self._files.pop(name).close()
            self._files[found.name] = await self._client.open(path, "rb")
        data = bytes(await self._files[found.name].read(end - start, start))
        if end >= found.size:
            await self._unchanged(found, path)
        return data

    async def _unchanged(self, found: Found, path: str) -> None:
        try:
            now = await self._client.stat(path)
        except asyncssh.SFTPNoSuchFile as error:
            raise Vanished(f"{self.told(found.name)} was taken away; wait, the pull goes on later") from error
        if _version(now) != found.version:
            raise Changed(
                f"{self.told(found.name)} is still being written or was replaced; wait, the pull goes on later"
            )

    def _run(self, work: Coroutine[Any, Any, Answer], seconds: float) -> Answer:
        try:
            return self._runner.run(asyncio.wait_for(work, seconds))
        except asyncssh.HostKeyNotVerifiable as error:
            raise SourceError(
                f"the server at {self._told} shows another key than `host_key`; ask its owner whether it is his, and "
                "write the new one only then"
            ) from error
        except asyncssh.PermissionDenied as error:
            raise SourceError(f"{self._told} refuses the sign-in; check the user and the secret") from error
        except asyncssh.SFTPPermissionDenied as error:
            raise SourceError(f"{self._told} refuses to be read; ask its owner for the right to read it") from error
        except asyncssh.SFTPNoSuchFile as error:
            raise SourceError(f"there is no folder {self._told}; correct `location`") from error
        except (TimeoutError, OSError, asyncssh.Error) as error:
            raise SourceError(
                f"{self._told} cannot be reached or broke off ({type(error).__name__}); check `location` and "
                "whether the server runs"
            ) from error


def _version(attributes: Any) -> str:
    return f"{attributes.size}-{attributes.mtime}"
