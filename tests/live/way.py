"""A way to a server that may break without a word, or lead to another one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from redis.asyncio.connection import parse_url


class Way:
    """The way to a server, and later `to` another; what is lost passes nothing on."""

    def __init__(self, url: str) -> None:
        self.to = url
        self.port = 0
        self._lost: set[asyncio.StreamWriter] = set()
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """The address at which the way begins."""
        return f"redis://127.0.0.1:{self.port}/0"

    def lose(self) -> None:
        """Lose the connections that there are."""
        self._lost |= self._open

    async def copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what comes."""
        self._open.add(writer)
        try:
            while words := await reader.read(65_536):
                if writer not in self._lost:
                    writer.write(words)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


@asynccontextmanager
async def a_way(url: str) -> AsyncIterator[Way]:
    """Give a way to a server."""
    way = Way(url)
    tasks: list[asyncio.Task[None]] = []

    async def both(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to = parse_url(way.to)
        there = await asyncio.open_connection(to["host"], to["port"])
        tasks.extend(
            asyncio.create_task(way.copy(*each))
            for each in ((reader, there[1]), (there[0], writer))
        )

    async with await asyncio.start_server(both, "127.0.0.1", 0) as server:
        way.port = server.sockets[0].getsockname()[1]
        yield way
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
