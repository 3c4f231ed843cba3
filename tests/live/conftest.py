"""Redis for one test."""

from collections.abc import AsyncIterator

import pytest

from guerdon.live.client import Live


@pytest.fixture
async def live(redis_url: str) -> AsyncIterator[Live]:
    """A connection to an empty server."""
    live = Live(redis_url, namespace="test", timeout_seconds=2)
    yield live
    await live.close()
