"""From a request to an operation that may run: found, valid, affordable and permitted.

The rule: every transport goes through `Operations.prepare`, so that nothing is checked on one of
them and forgotten on another. What only one of them refuses (a mutation over GET) it adds itself.
"""

import asyncio
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

from graphql import GraphQLSchema, OperationType

from guerdon.api.transport.documents import Document, Documents, PlannedOperation, root_field_of
from guerdon.api.transport.errors import RateLimited, Refused
from guerdon.api.transport.hooks import Allowance, Credential, TransportHooks
from guerdon.api.transport.options import TransportOptions
from guerdon.api.transport.persisted import RegisteredDocuments, Resolver, TrustedDocuments
from guerdon.api.transport.requests import GraphQLRequest

CHARACTERS_A_UNIT = 1_000


@dataclass(frozen=True, slots=True)
class Price:
    """What an operation costs at most (`asked`), and however few objects it finds."""

    asked: int
    beyond_objects: int

    def actual(self, objects: int | None) -> int:
        """Return what it did cost; where nobody counted the objects, what was asked for it."""
        return self.asked if objects is None else min(self.asked, self.beyond_objects + objects)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of one request, ready to be charged and executed."""

    document: Document
    planned: PlannedOperation
    variables: dict[str, Any]
    extensions: dict[str, Any]
    cost: int

    @property
    def kind(self) -> OperationType:
        """Query, mutation or subscription."""
        return self.planned.kind

    @property
    def price(self) -> "Price":
        """What it costs."""
        return Price(self.cost, self.planned.cost.beyond_objects)

    @property
    def coordinates(self) -> frozenset[str]:
        """Every field that it reads, as `Type.field`: what an answer can depend on."""
        return self.planned.cost.coordinates

    @property
    def is_introspection(self) -> bool:
        """Whether it asks for nothing but the schema, which is the same for all who ask."""
        return self.document.uses_introspection and not self.coordinates

    @property
    def root_field(self) -> str:
        """The name of the first field at the root; a subscription has no other."""
        return root_field_of(self.planned, self.document)


class Operations:
    """Prepares operations, and charges them."""

    def __init__(
        self,
        schema: GraphQLSchema,
        options: TransportOptions,
        hooks: TransportHooks[Any],
        trusted: TrustedDocuments,
    ) -> None:
        self._meter = hooks.meter
        self._table = options.cost
        self._resolver = Resolver(
            trusted,
            hooks.documents or RegisteredDocuments(),
            bytes_max=options.persisted_bytes_max,
        )
        self.documents = Documents(schema, options)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def prepare(self, request: GraphQLRequest, credential: Credential) -> Operation:
        """Return the operation that a request means.

        Raises:
            Refused: It cannot be found, is not valid, costs too much, or is not permitted.
        """
        text = await self._resolver.text_of(request, credential)
        if self.documents.knows(text):
            document = self.documents.get(text)
        else:
            document = await self._read(text, credential)
        if document.uses_introspection and not credential.introspection:
            raise Refused(
                "Introspection is off for this credential: the schema is published as a file,"
                " schema.graphql.",
                code="INTROSPECTION_DISABLED",
                status=422,
                is_graphql=True,
            )
        await self._resolver.register(request, credential)
        planned = document.operation(request.operation_name)
        cost = planned.cost.price(request.variables)
        if cost > credential.cost_max:
            raise Refused(
                f"The operation costs {cost}; this credential may spend {credential.cost_max} on"
                " one. Ask for fewer items (`first`) or fewer nested lists.",
                code="MAX_COST_EXCEEDED",
                status=422,
                is_graphql=True,
                extensions={"cost": {"requested": cost, "maximum": credential.cost_max}},
            )
        return Operation(
            document=document,
            planned=planned,
            variables=request.variables,
            extensions=request.extensions,
            cost=cost,
        )

    async def _read(self, text: str, credential: Credential) -> Document:
        """Read a new document: charged for, and one at a time of each credential.

        Between two of them others have their turn, however many are sent at once.
        """
        if self._meter is not None:
            units = min(1 + len(text) // CHARACTERS_A_UNIT, self._table.reading_max)
            allowance = await self._meter.charge(credential, units)
            if allowance is not None and allowance.retry_after_seconds is not None:
                raise _rate_limited(allowance, {"requested": units})
        turn = self._turns.get(credential.key)
        if turn is None:
            turn = self._turns[credential.key] = asyncio.Lock()
        async with turn:
            document = self.documents.get(text, suggestions=credential.introspection)
            await asyncio.sleep(0)  # keep the turn until others have been seen to
        return document

    async def charge(self, operation: Operation, credential: Credential) -> dict[str, Any]:
        """Charge the operation to its credential; return what `extensions.cost` shows so far.

        Raises:
            Refused: The credential has nothing left; the answer says when to come back.
        """
        allowance = None
        if self._meter is not None:
            allowance = await self._meter.charge(credential, operation.cost)
        return _charged(operation.price, allowance)

    def charge_at_once(self, price: Price, credential: Credential) -> dict[str, Any]:
        """Do the same without asking anybody.

        Raises:
            NotAtOnce: The meter must ask; nothing has been charged.
            Refused: As above.
        """
        allowance = None
        if self._meter is not None:
            allowance = self._meter.charge_at_once(credential, price.asked)
        return _charged(price, allowance)

    def settle(
        self, price: Price, credential: Credential, shown: dict[str, Any], objects: int | None
    ) -> None:
        """Add what an operation did cost to what is shown, and give back what it did not."""
        actual = shown["actual"] = price.actual(objects)
        if self._meter is None or "available" not in shown or actual == price.asked:
            return
        shown["available"] += self._meter.refund(credential, price.asked, actual)


def _charged(price: Price, allowance: Allowance | None) -> dict[str, Any]:
    shown: dict[str, Any] = {"requested": price.asked}
    if allowance is None:
        return shown
    if allowance.retry_after_seconds is not None:
        raise _rate_limited(allowance, shown)
    _show(allowance, shown)
    return shown


def _show(allowance: Allowance, shown: dict[str, Any]) -> None:
    if allowance.available is not None:
        shown["available"] = allowance.available
    if allowance.restore_rate is not None:
        shown["restoreRate"] = allowance.restore_rate


def _rate_limited(allowance: Allowance, shown: dict[str, Any]) -> RateLimited:
    seconds = allowance.retry_after_seconds
    assert seconds is not None, "only who must wait is refused"
    _show(allowance, shown)
    return RateLimited(seconds, extensions={"cost": shown})
