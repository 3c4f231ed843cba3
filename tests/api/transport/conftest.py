"""A demo, and a client of it, for each test."""

from collections.abc import AsyncIterator

import httpx2
import pytest

from api.transport.demo import Demo
from api.transport.wire import client_of


@pytest.fixture
def demo() -> Demo:
    return Demo()


@pytest.fixture
async def client(demo: Demo) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(demo) as client:
        yield client
