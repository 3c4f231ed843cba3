"""What resolvers find in `info.context`: the world, who asks, and what was read for this operation.

The rule: one instant for the whole operation, and everything read at most once for it. A context
is made anew for each operation and each item of a subscription, and forgets at each mutation what
was read before it, so that nothing here grows old.
"""

from contextlib import AbstractAsyncContextManager, nullcontext
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import strawberry
from strawberry.dataloader import DataLoader

from guerdon.api.catalogue import Catalogue
from guerdon.api.connections import Range
from guerdon.api.guesses import Attempt, Guesses, Report
from guerdon.api.permissions import Right
from guerdon.api.transport import loader
from guerdon.core.activity import Instant
from guerdon.engine import read
from guerdon.engine.inputs import MemberRef
from guerdon.engine.outcomes import JournalEntry, Profile, SettledMember
from guerdon.engine.publish import PROGRAM
from guerdon.engine.world import Caller, Role, Topic, World

if TYPE_CHECKING:
    from guerdon.api.members import Member
    from guerdon.api.rewards import RewardConnection


class Links(Protocol):
    """The ways back: from a noun to others that themselves lead to it (see `links`)."""

    async def member(self, context: "Context", member_id: str) -> "Member | None":
        """Return a member as the API shows it."""
        ...

    async def partner_rewards(
        self, context: "Context", slug: str, asked: Range
    ) -> "RewardConnection":
        """Return a page of the rewards that a partner honours."""
        ...


class Context:
    """One operation's view of the world."""

    def __init__(
        self,
        world: World,
        caller: Caller,
        *,
        links: Links,
        pause_ms: int,
        guesses: Guesses,
        address: str | None,
    ) -> None:
        self.world = world
        self.caller = caller
        self.program = caller.program
        self.pause_ms = pause_ms
        self.links = links
        self._guesses = guesses
        self._address = address
        self._noted: dict[Topic, int | None] = {}
        self._catalogue: Catalogue | None = None

    def fresh(self) -> "Context":
        """Return a context of the same caller that has read nothing yet."""
        return Context(
            self.world,
            self.caller,
            links=self.links,
            pause_ms=self.pause_ms,
            guesses=self._guesses,
            address=self._address,
        )

    def forget(self) -> None:
        """Read anew from here on: something has changed, or is about to be."""
        self._catalogue = None
        for name in ("now", "_settled", "_profiles", "_activities"):
            self.__dict__.pop(name, None)

    def trying_a_code(self) -> AbstractAsyncContextManager[Attempt]:
        """Look a code up within the limit of `guesses`, and not at all without Redis."""
        return self._guesses.attempt(self.caller, self._address, closed_without_redis=True)

    def trying_a_member(
        self, ref: MemberRef | None, *, with_codes: bool = False
    ) -> AbstractAsyncContextManager[Attempt]:
        """Look up who a reference leads to; partners within the limit of `guesses`.

        A partner cannot guess an id of its own kind, and others reach what they may read anyway.
        `with_codes` says that codes are looked up too.
        """
        is_known = ref is None or ref.id is not None
        if self.caller.role is not Role.PARTNER or (is_known and not with_codes):
            return nullcontext(Attempt())
        return self._guesses.attempt(self.caller, self._address, closed_without_redis=with_codes)

    def reporting(self) -> AbstractAsyncContextManager[Report]:
        """Report activities; partners within the limit of `guesses`."""
        if self.caller.role is not Role.PARTNER:
            return nullcontext(Report())
        return self._guesses.report(self.caller, self._address)

    def permits(self, right: Right) -> bool:
        """Tell whether the caller has a right."""
        return right.permits(self.caller.role, self.caller.scopes)

    def note(self, topic: Topic) -> None:
        """Note, before reading it, that the answer shows what a topic tells of."""
        if topic not in self._noted:
            self._noted[topic] = self.world.revisions.of(self.program, topic)

    def is_current(self) -> bool:
        """Tell whether nothing that was noted has changed since, as far as it is heard."""
        of, program = self.world.revisions.of, self.program
        for topic, number in self._noted.items():
            if number is None or of(program, topic) != number:
                return False
        return True

    @cached_property
    def now(self) -> Instant:
        """The instant as of which everything in this operation is shown."""
        return self.world.clock()

    async def catalogue(self) -> Catalogue:
        """Return the program's versions, as they are known now."""
        self.note(PROGRAM)
        known = self._catalogue
        if known is None:
            rulebook = await self.world.rulebooks.get(self.program)
            # Whoever else has asked meanwhile sees the same.
            known = self._catalogue = self._catalogue or Catalogue(rulebook, self.now)
        return known

    async def settled(self, member_id: str) -> SettledMember | None:
        """Return a member settled to now; those that one operation asks for are read together."""
        return await self._settled.load(member_id)

    async def profile(self, member_id: str) -> Profile | None:
        """Return who a member is."""
        return await self._profiles.load(member_id)

    async def activity(self, key: str) -> JournalEntry | None:
        """Return an activity by reporter and id."""
        return await self._activities.load(key)

    # Loaders do not know the context: what refers to itself waits for the garbage collector.

    @cached_property
    def _settled(self) -> DataLoader[str, SettledMember | None]:
        world, program, now = self.world, self.program, self.now

        async def load(ids: list[str]) -> list[SettledMember | None]:
            found = await read.members(world, program, ids, at=now)
            return [found.get(id_) for id_ in ids]

        return loader(load)

    @cached_property
    def _profiles(self) -> DataLoader[str, Profile | None]:
        world, program = self.world, self.program

        async def load(ids: list[str]) -> list[Profile | None]:
            found = await read.profiles(world, program, ids)
            return [found.get(id_) for id_ in ids]

        return loader(load)

    @cached_property
    def _activities(self) -> DataLoader[str, JournalEntry | None]:
        world, program = self.world, self.program

        async def load(keys: list[str]) -> list[JournalEntry | None]:
            found = await read.activities(world, program, keys)
            return [found.get(key) for key in keys]

        return loader(load)


Info = strawberry.Info[Context, None]
