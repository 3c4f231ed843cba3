"""Idle workers wait to be woken, and what wakes them may be lost."""

import threading
import time

import pytest
from dramatiq import Message

from guerdon.live.broker import WakingBroker, redis_broker

QUEUE = "score"


def a_broker(redis_url: str) -> WakingBroker:
    broker = redis_broker(redis_url, namespace="test", timeout_seconds=2)
    broker.declare_queue(QUEUE)
    return broker


def a_message(number: int) -> Message[None]:
    return Message(queue_name=QUEUE, actor_name="x", args=(number,), kwargs={}, options={})


def test_a_message_wakes_a_waiting_worker(redis_url: str) -> None:
    broker = a_broker(redis_url)
    consumer = broker.consume(QUEUE)
    assert next(consumer) is None
    threading.Timer(0.05, broker.enqueue, [a_message(1)]).start()
    asked = 0
    while (found := next(consumer)) is None:
        asked += 1
        assert asked < 100
    assert found.args == (1,)
    consumer.ack(found)
    broker.close()


def test_a_message_whose_token_was_lost_is_found_all_the_same(redis_url: str) -> None:
    broker = a_broker(redis_url)
    broker.enqueue(a_message(1))
    broker.client.delete(broker.tokens(QUEUE))
    consumer = broker.consume(QUEUE)
    deadline = time.monotonic() + 30
    while (found := next(consumer)) is None:
        assert time.monotonic() < deadline
    assert found.args == (1,)
    broker.close()


def test_a_worker_takes_no_more_than_it_may_until_it_is_done_with_one(redis_url: str) -> None:
    broker = a_broker(redis_url)
    for number in range(2):
        broker.enqueue(a_message(number))
    consumer = broker.consume(QUEUE, prefetch=1)
    first = next(consumer)
    assert first is not None
    assert next(consumer) is None
    consumer.ack(first)
    second = next(consumer)
    assert second is not None
    assert {first.args, second.args} == {(0,), (1,)}
    broker.close()


def test_tokens_do_not_pile_up_where_nobody_takes_them(redis_url: str) -> None:
    broker = a_broker(redis_url)
    for number in range(40):
        broker.enqueue(a_message(number))
    assert broker.client.llen(broker.tokens(QUEUE)) < 40
    assert broker.do_qsize(QUEUE) == 40
    broker.close()


def test_a_message_is_never_delayed(redis_url: str) -> None:
    broker = a_broker(redis_url)
    with pytest.raises(ValueError, match="note in MongoDB"):
        broker.enqueue(a_message(1), delay=1_000)
    assert broker.get_declared_delay_queues() == set()
    broker.close()
