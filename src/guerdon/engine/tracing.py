"""Tracing: one activity followed from the request that reported it to the push that told of it.

The way leads over processes, so the context travels with the activity: in its inbox entry and its
journal entry, under `TRACE`, only where it is traced at all. Rule: untraced costs nothing but a
look at `is_on`; a span holds ids and fixed words, never what an activity says.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from guerdon.core.standing import Plain

TRACE = "trace"
"""Under this name plain activities carry a context, as W3C's `traceparent` writes it."""


class Tracer(Protocol):
    """See the module; names are those of spans."""

    @property
    def is_on(self) -> bool:
        """Whether anything is traced in this process."""
        ...

    def span(
        self, name: str, *, of: str | None = None, **attributes: str
    ) -> AbstractContextManager[None]:
        """Open a span within the present one, or within the context `of`."""
        ...

    def note(
        self, name: str, *, of: str, begun_ms: float, ended_ms: float, **attributes: str
    ) -> None:
        """Note a span that has ended, within the context `of`; times are of the machine's clock."""
        ...

    def carried(self) -> str | None:
        """Return the present context to be carried on; None where nothing is traced."""
        ...


class Untraced:
    """Nothing is traced."""

    is_on = False

    @contextmanager
    def span(self, name: str, *, of: str | None = None, **attributes: str) -> Iterator[None]:
        """Do what is inside."""
        del name, of, attributes
        yield

    def note(
        self, name: str, *, of: str, begun_ms: float, ended_ms: float, **attributes: str
    ) -> None:
        """Nothing."""

    def carried(self) -> str | None:
        """Return nothing."""
        return None


def carrying(plain: Mapping[str, Plain], trace: str | None) -> Plain:
    """Return an activity that carries a context."""
    return plain if trace is None else {**plain, TRACE: trace}
