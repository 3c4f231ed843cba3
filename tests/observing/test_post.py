"""The port of a process: whoever says nothing there keeps nothing of it."""

import socket
from collections.abc import Iterator
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry

from guerdon.observing.post import Post, Pulse


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    """A port that has little patience."""
    monkeypatch.setattr("guerdon.observing.post._PATIENCE_SECONDS", 0.2, raising=False)
    post = Post(CollectorRegistry(), Pulse(), lambda: True)
    post.open("127.0.0.1", 0)
    yield post
    post.close()


@pytest.mark.parametrize("words", [b"", b"GET /healthz HT"])
def test_whoever_does_not_go_on_is_let_go(post: Post, words: bytes) -> None:
    with socket.create_connection(("127.0.0.1", post.port), timeout=10) as silent:
        silent.sendall(words)

        assert silent.recv(1) == b""
    with urlopen(f"http://127.0.0.1:{post.port}/healthz") as answer:
        assert answer.status == 200
