"""What the application gives the transport: who asks, what they may, where things are kept.

The rule: the transport decides nothing about rights. It reads a credential's attributes and calls
these hooks at the moments named here; each has a default that permits nothing special.
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar

from starlette.datastructures import Headers
from starlette.types import Scope

from guerdon.api.transport.errors import Refused

if TYPE_CHECKING:
    from guerdon.api.transport.execution import Answer
    from guerdon.api.transport.operations import Operation


@dataclass(frozen=True, kw_only=True)
class Credential:
    """Who asks, as far as the transport needs to know; an application derives its own from it.

    `key` is stable over requests: limits are counted by it. Those of one `key` that are taken back
    one without the other differ in `session`, and sockets are closed by both. `viewer` is whom
    flags in shared answers may be about (`AboutViewer`). `expires_at` is in epoch seconds.
    `document_mode`: "open" takes any document and stores what clients register, "hybrid" takes any
    and stores none, "trusted" takes registered documents only. `introspection` also shows
    suggestions in validation errors; `ide` serves GraphiQL. Credentials of equal `rights` are let
    through to the same fields, so that how an operation is executed is worked out once for all of
    them; None says nothing of the sort.
    """

    key: str
    session: str = ""
    viewer: str | None = None
    rights: str | None = None
    expires_at: float | None = None
    document_mode: Literal["open", "hybrid", "trusted"] = "open"
    introspection: bool = False
    ide: bool = False
    cost_max: int = 1_000
    body_bytes_max: int = 100_000
    sockets_max: int = 1_000


class Connection:
    """What a request or a socket tells about its sender, before anything else of it is read."""

    __slots__ = ("_headers", "payload", "scope")

    def __init__(self, scope: Scope, payload: Mapping[str, Any] | None = None) -> None:
        self.scope = scope
        self.payload = payload
        self._headers: Headers | None = None

    @property
    def headers(self) -> Headers:
        """The headers of the request, or of the socket's handshake."""
        if self._headers is None:
            self._headers = Headers(scope=self.scope)
        return self._headers

    @property
    def address(self) -> str | None:
        """The peer's address; a proxy's where the server does not trust forwarded headers."""
        client = self.scope.get("client")
        return client[0] if client else None

    @property
    def token(self) -> str | None:
        """The bearer token: from `connection_init` on a socket, else from `Authorization`.

        A socket's handshake headers are not read: browsers cannot set them, so a page that found
        another way to have them sent would speak with somebody else's rights.
        """
        if self.scope["type"] == "websocket":
            sent = self._in_payload()
        else:
            sent = self.headers.get("authorization", "")
        scheme, _, token = sent.strip().partition(" ")
        return token.strip() if scheme.lower() == "bearer" and token.strip() else None

    def _in_payload(self) -> str:
        for name, value in (self.payload or {}).items():
            if name.lower() == "authorization" and isinstance(value, str):
                return value
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What is left of a rate limit after an operation was charged.

    `retry_after_seconds` is set where the operation is refused; the rest is shown to the caller
    under `extensions.cost`.
    """

    retry_after_seconds: float | None = None
    available: int | None = None
    restore_rate: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """That subscriptions of one `group` see the same, so that one execution serves them all.

    `group` names the rights (such as "member" where every member sees the same board), never one
    caller. `interval_seconds` is the least time between two states.
    """

    group: str
    interval_seconds: float = 0.25


class NotAtOnce(Exception):
    """A meter must ask somebody before it can say whether a credential may spend."""


C = TypeVar("C", bound=Credential)

Watch = Callable[["Operation", Connection], AbstractContextManager[Callable[[bool], None]]]
"""Opened around the execution of a query or mutation; what it gives is told of errors."""

Count = Callable[[str, int], None]
"""Told what was opened (+1) and closed (-1): `connection`, `subscription`; and of each `item`."""


class Meter(Protocol):
    """Counts what credentials spend, and says when one has spent too much."""

    async def charge(self, credential: Any, units: int) -> Allowance | None:
        """Take `units` from a credential's allowance; None for who has no limit.

        It must not keep the caller waiting, whatever it counts with.
        """
        ...

    def charge_at_once(self, credential: Any, units: int) -> Allowance | None:
        """Do the same without asking anybody.

        Raises:
            NotAtOnce: That cannot be done; nothing has been taken.
        """
        ...

    def refund(self, credential: Any, asked: int, actual: int) -> int:
        """Give back what an operation was charged for `asked` and did not cost; return how much.

        That is never more than was charged: who may spend less at once than is asked is charged
        less.
        """
        ...


class DocumentStore(Protocol):
    """Where documents registered by clients (automatic persisted queries) are kept."""

    async def get(self, digest: str) -> str | None:
        """Return the document under its SHA-256 in hex, or nothing."""
        ...

    async def put(self, digest: str, document: str) -> None:
        """Keep a document whose digest has been checked; it may be forgotten at any time."""
        ...


class AnswerStore(Protocol):
    """Where answers about shared state are kept, under keys that the application forms."""

    def key(self, operation: "Operation", credential: Credential) -> Hashable | None:
        """Return what the answer depends on, or nothing where it must not be kept.

        All that the answer depends on must be in the key (document, variables, rights), or be
        told by `is_current` from the revisions that its resolvers noted in their context. The key
        of one operation and credential never changes: who asks again is not asked for it again.
        """
        ...

    def is_current(self, answer: "Answer") -> bool:
        """Tell whether nothing that the answer shows has changed since it was read."""
        ...

    def get(self, key: Hashable) -> "Answer | None":
        """Return the kept answer, if it is still current."""
        ...

    def put(self, key: Hashable, answer: "Answer", *, age_seconds: float = 0.0) -> None:
        """Keep an answer that had no errors; what it shows was read up to `age_seconds` ago."""
        ...


async def _always_valid(_credential: Any) -> bool:
    return True


def _always_to_be_checked(_credential: Any) -> bool:
    return False


def _credential_as_context(credential: Any, _connection: Connection) -> object:
    return credential


def _unwatched(
    _operation: "Operation", _connection: Connection
) -> AbstractContextManager[Callable[[bool], None]]:
    return nullcontext(lambda _has_errors: None)


def _uncounted(_kind: str, _change: int) -> None:
    return None


def _never_shared(_operation: "Operation", _credential: Any) -> Share | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportHooks(Generic[C]):
    """The application's part; only `authenticate` has no default.

    `authenticate` is called once a request and once a socket (at `connection_init`), and raises
    `Unauthenticated` or `Forbidden`. `is_unchanged` says of a credential that `authenticate` would
    return the same for it now; without it every request is authenticated anew. `still_valid` is
    asked again every `recheck_seconds` while a socket or a stream is open. `context` makes what
    resolvers see as `info.context`; it is called for each operation and again for each item of a
    subscription, so that the DataLoaders it holds never serve a value of the last item. `meter` is
    asked before a new document is read and before each operation is executed. `share` says which
    subscriptions are one. `explain` translates the application's own exceptions; what it returns
    nothing for is an internal error. `watch` and `count` serve whoever observes.
    """

    authenticate: Callable[[Connection], Awaitable[C]]
    is_unchanged: Callable[[C], bool] = _always_to_be_checked
    still_valid: Callable[[C], Awaitable[bool]] = _always_valid
    context: Callable[[C, Connection], object] = _credential_as_context
    meter: Meter | None = None
    share: Callable[["Operation", C], Share | None] = _never_shared
    explain: Callable[[Exception], Refused | None] | None = None
    answers: AnswerStore | None = None
    documents: DocumentStore | None = None
    watch: Watch = _unwatched
    count: Count = _uncounted
