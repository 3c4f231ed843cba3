"""The courier: carries a request to an address that somebody else has named.

Rule: such an address may lead back into our own network, so every address that a name resolves to
is looked at when the connection is made, and that very address is connected to: a name that
resolves differently a moment later changes nothing. Only https, no redirects, a bounded answer, a
bounded time. What goes wrong is the endpoint's matter and comes back as an answer.
"""

import asyncio
import ipaddress
import math
import socket
import ssl
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpcore2

from guerdon.engine.webhook_records import Answered

_ANSWER_BYTES_MAX = 64_000
_RETRY_AFTER_MAX = 86_400
_DIGITS_MAX = 9


class PrivateAddress(Exception):
    """A name led to an address that is not on the public internet."""


class Courier:
    """See `engine.webhook_records.Courier`.

    `allows_private` is for demos and tests, whose endpoints are on this machine: there, and only
    there, http and private addresses are let through.
    """

    def __init__(self, *, timeout_seconds: float = 15.0, allows_private: bool = False) -> None:
        self._timeout = timeout_seconds
        self._allows_private = allows_private
        self._pools: dict[asyncio.AbstractEventLoop, httpcore2.AsyncConnectionPool] = {}

    def refuses(self, url: str) -> str | None:
        """Return why an address is not acceptable, None where it is."""
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
            (host or "").encode("idna")
        except ValueError:
            return "is no address: write it like https://partner.example.com/guerdon"
        if not url.isascii():
            return "must be plain ASCII: write the name as xn--... and escape the rest with %"
        if parts.scheme != "https" and not (self._allows_private and parts.scheme == "http"):
            return "must begin with https://"
        if not host or parts.username is not None or parts.fragment:
            return "must be a host and a path, without a name, a password or a fragment"
        literal = _literal(host)
        if literal is not None and not self._allows_private and not is_public(literal):
            return "leads to a private address"
        return None

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        """Send; never raises for what is the endpoint's fault."""
        if (reason := self.refuses(url)) is not None:
            return Answered(None, f"the address {reason}")
        try:
            async with asyncio.timeout(self._timeout):
                return await self._post(url, headers, body)
        except TimeoutError:
            return Answered(None, f"no answer within {self._timeout:g} seconds")
        except PrivateAddress as error:
            return Answered(None, str(error))
        except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException,
                ssl.SSLError, OSError) as error:  # fmt: skip
            return Answered(None, type(error).__name__)

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        sent = [(name.encode(), value.encode()) for name, value in headers.items()]
        async with self._pool().stream(b"POST", url, headers=sent, content=body) as response:
            read = 0
            async for chunk in response.aiter_stream():
                read += len(chunk)
                if read > _ANSWER_BYTES_MAX:
                    break
            return Answered(response.status, "", _retry_after(response.headers))

    def _pool(self) -> httpcore2.AsyncConnectionPool:
        loop = asyncio.get_running_loop()
        found = self._pools.get(loop)
        if found is None:
            backend = _Guarded(timeout_seconds=self._timeout, allows_private=self._allows_private)
            found = self._pools[loop] = httpcore2.AsyncConnectionPool(
                ssl_context=ssl.create_default_context(),
                max_connections=100,
                max_keepalive_connections=20,
                keepalive_expiry=5.0,
                network_backend=backend,
            )
        return found

    async def close(self) -> None:
        """Close the running loop's connections."""
        pool = self._pools.pop(asyncio.get_running_loop(), None)
        if pool is not None:
            await pool.aclose()


class _Guarded(httpcore2.AsyncNetworkBackend):
    """Connects to the addresses that it has looked at itself."""

    def __init__(self, *, timeout_seconds: float, allows_private: bool) -> None:
        self._timeout = timeout_seconds
        self._allows_private = allows_private
        self._plain = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to a host whose every address is public: to the first that lets itself be."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        if not self._allows_private:
            for each in addresses:
                if not is_public(ipaddress.ip_address(each)):
                    raise PrivateAddress("the address leads to a private one")
        share = self._timeout / len(addresses)
        for each in addresses[:-1]:
            with suppress(httpcore2.ConnectError, httpcore2.ConnectTimeout):
                return await self._plain.connect_tcp(
                    each, port, share, local_address, socket_options
                )
        return await self._plain.connect_tcp(
            addresses[-1], port, timeout, local_address, socket_options
        )

    async def sleep(self, seconds: float) -> None:
        """Wait between tries."""
        await asyncio.sleep(seconds)


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Tell whether an address is one of the public internet, whatever form it is written in.

    Of IPv6 only one eighth was ever given out for it; what lies elsewhere leads into some network.
    """
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address.teredo is not None:
            inner = address.teredo[1]
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address not in _UNICAST:
            return False
    return address.is_global and not address.is_multicast


_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return the address that a host is written as, also as one number or in octal."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def _retry_after(headers: list[tuple[bytes, bytes]]) -> int | None:
    """Return how long an answer asks to wait, in seconds or until a date; a day at most."""
    for name, value in headers:
        if name.lower() == b"retry-after":
            seconds = _seconds(value.decode("latin-1").strip())
            return None if seconds is None else min(max(seconds, 0), _RETRY_AFTER_MAX) * 1_000
    return None


def _seconds(text: str) -> int | None:
    if text.isascii() and text.isdigit():
        return int(text) if len(text) <= _DIGITS_MAX else _RETRY_AFTER_MAX
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    until = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return math.ceil((until - datetime.now(UTC)).total_seconds())
