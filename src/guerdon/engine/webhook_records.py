"""What the relay, its store and its courier hand each other: plain records."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from guerdon.core.activity import Instant

WAITING, DELIVERED, DEAD = "waiting", "delivered", "dead"


class Secret(NamedTuple):
    """A signing secret (`whsec_...`), sealed; the newest has no end, old ones are good `until`."""

    sealed: bytes
    until: Instant | None = None


class Endpoint(NamedTuple):
    """Where messages go. `topics` are names or patterns such as `points.*`; `partner` sees its own.

    `failing_since` is the first failure since the last success; `disabled` says why it is off.
    """

    id: str
    url: str
    topics: tuple[str, ...]
    partner: str | None
    secrets: tuple[Secret, ...]
    created_at: Instant
    failing_since: Instant | None = None
    disabled: str | None = None


class Source(NamedTuple):
    """Where signed requests come from: whose activities they report."""

    id: str
    name: str
    partner: str
    secrets: tuple[Secret, ...]
    created_at: Instant


class Attempt(NamedTuple):
    """One try: when, what came back (None: nothing did), how long it took, what went wrong."""

    at: Instant
    status: int | None
    millis: int
    error: str = ""


class Delivery(NamedTuple):
    """One message on its way to one endpoint: `name` is its place in the journal and its number.

    `attempts` are the last few tries, `tries` counts all of them since it was last asked for.
    """

    endpoint: str
    lane: int
    seq: int
    number: int
    member: str
    topic: str
    state: str
    created_at: Instant
    due_at: Instant
    tries: int = 0
    attempts: tuple[Attempt, ...] = ()

    @property
    def message_id(self) -> str:
        """The `webhook-id`: the same for every try and every endpoint."""
        return f"msg_{self.lane:x}_{self.seq:x}_{self.number:x}"


class Answered(NamedTuple):
    """What an endpoint answered; `status` None where nothing came, `error` says why."""

    status: int | None
    error: str = ""
    retry_after_ms: int | None = None


class Courier(Protocol):
    """Carries a request out of the house."""

    async def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Answered:
        """Send; never raises for what is the endpoint's fault."""
        ...

    def refuses(self, url: str) -> str | None:
        """Return why an address is not acceptable, None where it is."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


class Webhooks(Protocol):
    """Endpoints, sources, and what is on its way."""

    async def put_endpoint(self, program: str, endpoint: Endpoint) -> None:
        """Store an endpoint that was made."""
        ...

    async def change_endpoint(
        self,
        program: str,
        endpoint: str,
        *,
        url: str | None = None,
        topics: Sequence[str] | None = None,
        switched: tuple[str | None] | None = None,
    ) -> None:
        """Change what is given of an endpoint that is there, `switched` to why it is off."""
        ...

    async def turn_secrets(
        self, program: str, held: Endpoint | Source, secrets: Sequence[Secret]
    ) -> bool:
        """Replace secrets that are still those that were read; False where they are not."""
        ...

    async def endpoints(self, program: str) -> list[Endpoint]:
        """Return all endpoints, newest first."""
        ...

    async def remove_endpoint(self, program: str, endpoint: str) -> None:
        """Forget an endpoint with all that was on its way to it."""
        ...

    async def note_outcome(
        self, program: str, endpoint: str, *, failing_since: Instant | None, disabled: str | None
    ) -> None:
        """Note how an endpoint is doing."""
        ...

    async def put_source(self, program: str, source: Source) -> None:
        """Store a source that was made."""
        ...

    async def sources(self, program: str) -> list[Source]:
        """Return all sources, newest first."""
        ...

    async def remove_source(self, program: str, source: str) -> None:
        """Forget a source."""
        ...

    async def begin(self, program: str, endpoint: str, places: Mapping[int, int]) -> None:
        """Note how far each lane was read for an endpoint; those noted already stay."""
        ...

    async def places(self, program: str, endpoint: str) -> dict[int, int]:
        """Return how far each lane was read."""
        ...

    async def enqueue(
        self,
        program: str,
        endpoint: str,
        *,
        lane: int,
        before: int,
        seq: int,
        deliveries: Sequence[Delivery],
    ) -> bool:
        """Write deliveries and move a lane's place on; False where somebody else has."""
        ...

    async def claim(
        self, program: str, endpoint: str, *, now: Instant, until: Instant, limit: int
    ) -> list[Delivery]:
        """Take what is due, the first undelivered one of each member, for as long as `until`."""
        ...

    async def hasten(self, program: str, endpoint: str, now: Instant) -> None:
        """Let everything that waits be due."""
        ...

    async def settle(self, program: str, delivery: Delivery) -> None:
        """Store what became of a delivery that was claimed."""
        ...

    async def prune(self, program: str, endpoint: str, until: Instant) -> None:
        """Forget what was made before an instant and has arrived or was given up."""
        ...

    async def logged(self, program: str, endpoint: str, name: str) -> tuple[str, Delivery] | None:
        """Return one delivery as the log has it, by what the log calls it behind the instant."""
        ...

    async def log(
        self,
        program: str,
        endpoint: str,
        *,
        limit: int,
        state: str | None = None,
        after: str | None = None,
        before: str | None = None,
    ) -> list[tuple[str, Delivery]]:
        """Return deliveries with their names, newest first below `after`; or above `before`."""
        ...

    async def replay(
        self,
        program: str,
        endpoint: str,
        *,
        now: Instant,
        names: Collection[str] = (),
        span: tuple[Instant, Instant] | None = None,
    ) -> int:
        """Let deliveries be due again, by name or by when they were made; return how many."""
        ...
