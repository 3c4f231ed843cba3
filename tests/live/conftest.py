"""Redis for one test."""

from collections.abc import AsyncIterator

import pytest

from guerdon.live.client import Live

PATIENCE_SECONDS = 5
"""A busy machine is no server that is away."""


@pytest.fixture
async def live(redis_url: str) -> AsyncIterator[Live]:
    """A connection to an empty server."""
    live = Live(redis_url, namespace="test", timeout_seconds=PATIENCE_SECONDS)
    yield live
    await live.close()
