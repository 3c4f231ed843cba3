"""A worker that finds no Redis asks again and again, without long pauses."""

import threading
from typing import Any

import pytest
from dramatiq.broker import Consumer

from guerdon.embedded.ports import free_ports
from guerdon.settings import Settings
from guerdon.workers.broker import RECONNECT_SECONDS, build_broker, build_worker
from worlds import settings_for

TIMES = 6


def test_a_worker_without_redis_asks_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """By itself Dramatiq lets three seconds pass, in which nobody's activities are decided."""
    (nobody,) = free_ports(1)
    settings: Settings = settings_for(
        mongo_url="mongodb://127.0.0.1:1", database="none", redis_url=f"redis://127.0.0.1:{nobody}"
    )
    broker = build_broker(settings)
    asked, often = list[str](), threading.Event()
    consume = broker.consume

    def counted(queue_name: str, **given: Any) -> Consumer:
        asked.append(queue_name)
        if len(asked) == TIMES:
            often.set()
        return consume(queue_name, **given)

    monkeypatch.setattr(broker, "consume", counted)
    worker = build_worker(broker, settings)
    worker.start()
    try:
        is_often = often.wait(TIMES * RECONNECT_SECONDS * 3)
    finally:
        worker.stop(timeout=20_000)
        broker.close()

    assert is_often
    assert set(asked) == {"score"}
