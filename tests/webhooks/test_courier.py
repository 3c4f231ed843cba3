"""No request ever goes to an address inside, however it is written or wherever a name leads."""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from guerdon.partners.courier import Courier, is_public
from webhooks.conftest import Listener


@pytest.fixture
async def courier() -> AsyncIterator[Courier]:
    courier = Courier(timeout_seconds=2)
    yield courier
    await courier.close()


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "[::1]",
        "169.254.169.254",
        "10.0.0.8",
        "172.16.0.1",
        "192.168.1.1",
        "0.0.0.0",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[fd00::1]",
        "[fe80::1]",
        "100.64.0.1",
        "224.0.0.1",
        "[2002:7f00:1::]",
        "[::127.0.0.1]",
        "[::ffff:0:10.0.0.1]",
        "[64:ff9b:1::a00:1]",
        "[fec0::1]",
        "[5f00::1]",
    ],
)
async def test_a_private_address_is_refused_in_whatever_form(courier: Courier, host: str) -> None:
    url = f"https://{host}/hook"

    assert courier.refuses(url) == "leads to a private address"
    assert (await courier(url, {}, b"{}")).status is None


@pytest.mark.parametrize(
    "url",
    [
        "http://partner.example.com/",
        "ftp://partner.example.com/",
        "https://name:word@partner.example.com/",
        "https:///path",
        "https://partner.example.com:port/",
        "https://partner.example.com/#part",
        "partner.example.com",
        "",
    ],
)
def test_an_address_that_is_none_is_refused_with_a_reason(courier: Courier, url: str) -> None:
    assert courier.refuses(url)


async def test_a_name_that_leads_inside_is_not_connected_to(
    courier: Courier, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that gives a public address first, and a private one when it counts."""
    asked: list[str] = []

    async def resolve(host: str, port: int, **_: Any) -> list[Any]:
        assert port == listener.port
        asked.append(host)
        address = "93.184.216.34" if len(asked) > 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, listener.port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    url = f"https://rebind.example.com:{listener.port}/hook"
    assert courier.refuses(url) is None

    answered = await courier(url, {}, b"{}")

    assert (answered.status, answered.error) == (None, "the address leads to a private one")
    assert asked == ["rebind.example.com"], "resolved once, by whoever connects"
    assert listener.requests == []


@pytest.mark.parametrize("down", ["127.0.0.2", "::2"])
async def test_where_a_name_leads_to_several_addresses_one_that_is_down_is_passed_by(
    listener: Listener, monkeypatch: pytest.MonkeyPatch, down: str
) -> None:
    courier = Courier(timeout_seconds=2, allows_private=True)

    async def resolve(host: str, port: int, **_: Any) -> list[Any]:
        del host
        return [(0, socket.SOCK_STREAM, 6, "", (each, port)) for each in (down, "127.0.0.1")]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)

    answered = await courier(f"http://two.example.com:{listener.port}/hook", {}, b"{}")
    await courier.close()

    assert (answered.status, answered.error) == (200, "")


async def test_a_redirect_is_an_answer_and_is_not_followed(listener: Listener) -> None:
    courier = Courier(timeout_seconds=2, allows_private=True)
    listener.answers, listener.headers = [302], "location: http://127.0.0.1:1/\r\n"

    answered = await courier(listener.url, {"content-type": "application/json"}, b"{}")
    await courier.close()

    assert answered.status == 302
    assert len(listener.requests) == 1


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("60", 60),
        ("9" * 5_000, 86_400),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
        ("Sunday, 06-Nov-94 08:49:37 -0000", 0),
        ("soon", None),
        ("-5", None),
    ],
    ids=["seconds", "far", "date", "naive", "word", "negative"],
)
async def test_when_to_come_back_is_read_as_seconds_and_as_a_date(
    listener: Listener, said: str, seconds: int | None
) -> None:
    assert await _come_back(listener, said) == (None if seconds is None else seconds * 1_000)


async def test_until_a_date_that_is_ahead_nothing_is_sent(listener: Listener) -> None:
    ahead = format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)

    wait = await _come_back(listener, ahead)

    assert wait is not None
    assert 3_600_000 < wait <= 7_200_000


async def _come_back(listener: Listener, said: str) -> int | None:
    """Return in how many milliseconds an answer is understood to ask for the next try."""
    courier = Courier(timeout_seconds=2, allows_private=True)
    listener.answers, listener.headers = [503], f"retry-after: {said}\r\n"
    answered = await courier(listener.url, {}, b"{}")
    await courier.close()
    assert answered.status == 503
    return answered.retry_after_ms


async def test_silence_and_a_closed_port_are_answers_too() -> None:
    over = asyncio.Event()

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    courier = Courier(timeout_seconds=0.2, allows_private=True)

    late = await courier(f"http://127.0.0.1:{port}/", {}, b"{}")
    over.set()
    server.close()
    closed = await courier("http://127.0.0.1:1/", {}, b"{}")
    await courier.close()

    assert late.error == "no answer within 0.2 seconds"
    assert closed.error == "ConnectError"


def test_the_public_internet_is_what_is_neither_ours_nor_reserved() -> None:
    assert is_public(ipaddress.ip_address("93.184.216.34"))
    assert is_public(ipaddress.ip_address("2606:2800:220:1:248:1893:25c8:1946"))
    assert not is_public(ipaddress.ip_address("240.0.0.1"))
