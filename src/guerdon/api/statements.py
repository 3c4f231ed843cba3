"""Statements: what a partner and the program owe each other for a month.

The rule: a partner reads its own and nothing else, and members in it under names that are its own.
What a statement says is worked out in `engine.statements`; it never changes.
"""

import re
from datetime import datetime
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Annotated

import strawberry

from guerdon.api.catalogue import Catalogue
from guerdon.api.connections import (
    TEXT_END,
    After,
    Before,
    First,
    Found,
    Key,
    Last,
    Listing,
    PageInfo,
    page_info,
)
from guerdon.api.context import Context, Info
from guerdon.api.describe import argument, asks, field, kind, kinds, mutation, noun, order, says
from guerdon.api.ids import GlobalId, global_id, read_id
from guerdon.api.instants import amount, to_datetime
from guerdon.api.nodes import Node
from guerdon.api.partners import Partner, partner_noun
from guerdon.api.problems import Problem, refusing
from guerdon.core.amounts import written
from guerdon.engine import statements
from guerdon.engine.records import Issued
from guerdon.engine.refusals import NotFound
from guerdon.engine.world import Role

_INSTANT = re.compile(r"0|[1-9][0-9]{0,14}", re.ASCII)


@kinds
class StatementState(Enum):
    """Whether anybody objects to a statement."""

    ISSUED = kind("issued", "It was issued.")
    DISPUTED = kind("disputed", "The partner disputes lines of it; what is right comes later.")


@noun
class StatementLine:
    """What one decision moved in a partner's accounts."""

    proof: str = says("Where it stands in the journal; names the line in a dispute.")
    activity_id: str | None = says("The partner's own id of the activity; null for others' ones.")
    type: str = says("What kind of activity it was.")
    member: str = says("Who it was, under a name that is this partner's alone.")
    at: datetime = says("When it happened: whose rates count.")
    decided_at: datetime = says("When it was decided: which month it belongs to.")
    wallet: str = says("The wallet's short name.")
    points_issued: Decimal = says("Units issued, less those taken back.")
    points_redeemed: Decimal = says("Units redeemed, less those given back.")
    points_prepaid: Decimal = says("Units of those issued that a block paid for in advance.")
    amount: str = says("What the partner owes for it, exactly; negative where it is owed.")


@noun
class Statement(Node):
    """What a partner and the program owe each other for a period.

    One that was issued never changes: corrections come in a later one.
    """

    from_: datetime = says("The first instant of the period.", name="from")
    to: datetime = says("The first instant after it.")
    points_issued: Decimal = says("Units issued at the partner, less those taken back.")
    points_redeemed: Decimal = says("Units redeemed with the partner, less those given back.")
    points_prepaid: Decimal = says("Units of those issued that blocks paid for: not owed again.")
    balance: Decimal = says("What the partner owes; negative where it is owed.")
    currency: str = says("The currency of the balance.")
    state: StatementState = says("Whether anybody objects to it.")
    hash: str = says("SHA-256 over all of its lines.")
    line_count: int = says("How many lines it has.")
    issued: strawberry.Private[Issued]

    @field
    async def partner(self, info: Info) -> Partner:
        """Whose statement it is."""
        return partner_noun(await info.context.catalogue(), self.issued.partner)

    @field
    async def lines(
        self,
        info: Info,
        first: Annotated[int, argument("How many lines at most, up to 1,000.")] = 100,
        skip: Annotated[int, argument("How many lines to pass over: an issued one is fixed.")] = 0,
    ) -> list[StatementLine]:
        """Its lines, in the order in which they were decided, each with its proof."""
        found = await statements.lines(info.context.world, info.context.program, self.issued)
        begin = max(skip, 0)
        return [_line(line) for line in found[begin : begin + max(min(first, 1_000), 0)]]


@noun
class StatementEdge:
    """A statement on a page of statements."""

    cursor: str = says("Where the statement stands in the list.")
    node: Statement = says("The statement.")


@noun
class StatementConnection:
    """A page of statements, by partner and month."""

    edges: list[StatementEdge] = says("The statements of the page.")
    page_info: PageInfo = says("Where the page lies in the list.")


@order
class DisputeStatementInput:
    """Which lines of a statement are wrong."""

    id: strawberry.ID = asks("The statement's global id.")
    lines: list[str] = asks("The proofs of the lines; none for all of it.")
    reason: str = asks("Why, for the owner of the program.")


@noun
class StatementPayload:
    """What became of a dispute."""

    statement: Statement | None = says("The statement, now disputed; null where it was refused.")
    problems: list[Problem] = says("Why it was refused; empty where it was done.")


STATEMENTS: Listing[Issued] = Listing(
    kind="statements",
    shape=(str, int),
    key=lambda issued: (issued.partner, issued.begin),
    order=lambda key: key,
    end=(TEXT_END, 0),
)


@noun
class StatementQueries:
    """Root fields about settling with partners."""

    @field
    async def statements(
        self,
        info: Info,
        partner: Annotated[
            str | None, argument("Only this partner's; a partner's key reads its own anyway.")
        ] = None,
        *,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> StatementConnection:
        """What partners and the program owe each other, by partner and month."""
        context = info.context
        only = _whose(context, partner)

        async def fetch(*, limit: int, after: Key | None, before: Key | None) -> Found[Issued]:
            found = await context.world.statements.page(
                context.program, only, limit=limit + 1, after=_place(after), before=_place(before)
            )
            more, items = len(found) > limit, found[:limit]
            if before is not None:
                return Found(items[::-1], more, has_next=True)
            return Found(items, after is not None, more)

        asked = STATEMENTS.range(first=first, after=after, last=last, before=before)
        page = await STATEMENTS.page(asked, fetch)
        catalogue, cursors = await context.catalogue(), page.cursors(STATEMENTS.kind)
        return StatementConnection(
            edges=[
                StatementEdge(cursor=cursor, node=statement_noun(catalogue, each))
                for cursor, each in zip(cursors, page.entries, strict=True)
            ],
            page_info=page_info(page, cursors),
        )


@noun
class StatementMutations:
    """Root fields that object to statements."""

    @mutation
    @refusing(lambda problems: StatementPayload(statement=None, problems=problems))
    async def dispute_statement(
        self, info: Info, input: Annotated[DisputeStatementInput, argument("What is wrong.")]
    ) -> StatementPayload:
        """By the partner: object to lines of a statement. The first objection counts.

        The statement stays as it is; what is right comes in a later one.
        """
        context = info.context
        found = read_id(input.id)
        named = _named(found)
        if (found.type, found.program) != ("Statement", context.program) or named is None:
            raise NotFound("statement", ("id",))
        partner, begin = named
        if partner != context.caller.partner:
            raise NotFound("statement", ("id",))
        disputed = await statements.dispute(
            context.world,
            context.program,
            partner,
            begin,
            lines=input.lines,
            reason=input.reason,
        )
        noun_ = statement_noun(await context.catalogue(), disputed)
        return StatementPayload(statement=noun_, problems=[])


async def statement_node(context: Context, found: GlobalId) -> Statement | None:
    """Return the statement that an id names, None where the caller may not see one."""
    named, caller = _named(found), context.caller
    if named is None or (caller.role is Role.PARTNER and caller.partner != named[0]):
        return None
    issued = await context.world.statements.find(context.program, *named)
    return None if issued is None else statement_noun(await context.catalogue(), issued)


def _named(found: GlobalId) -> tuple[str, int] | None:
    """Return the partner and the first instant that an id names, None where it names none."""
    parts = found.parts(2)
    if parts is None or not _INSTANT.fullmatch(parts[1]):
        return None
    return parts[0], int(parts[1])


def statement_noun(catalogue: Catalogue, issued: Issued) -> Statement:
    """Return a statement as the API shows it."""
    program = catalogue.version_at(issued.begin)
    return Statement(
        id=strawberry.ID(global_id("Statement", catalogue.id, issued.partner, str(issued.begin))),
        from_=to_datetime(issued.begin),
        to=to_datetime(issued.end),
        points_issued=_decimal(Fraction(issued.issued)),
        points_redeemed=_decimal(Fraction(issued.redeemed)),
        points_prepaid=_decimal(Fraction(issued.prepaid)),
        balance=amount(issued.balance, program.money_scale),
        currency=program.money_unit,
        state=StatementState.DISPUTED if issued.dispute else StatementState.ISSUED,
        hash=issued.digest,
        line_count=issued.lines,
        issued=issued,
    )


def _line(line: statements.StatementLine) -> StatementLine:
    return StatementLine(
        proof=line.proof,
        activity_id=line.activity or None,
        type=line.type,
        member=line.member,
        at=to_datetime(line.at),
        decided_at=to_datetime(line.decided_at),
        wallet=line.line.wallet,
        points_issued=_decimal(line.line.issued),
        points_redeemed=_decimal(line.line.redeemed),
        points_prepaid=_decimal(line.line.prepaid),
        amount=written(line.line.amount),
    )


def _decimal(value: Fraction) -> Decimal:
    """Return units or money as a decimal, exactly."""
    return Decimal(written(value))


def _whose(context: Context, partner: str | None) -> str | None:
    """Return whose statements are asked for; of another partner a partner finds none."""
    own = context.caller.partner
    if own is None or partner in (None, own):
        return own or partner
    return ""


def _place(key: Key | None) -> tuple[str, int] | None:
    return None if key is None else (str(key[0]), int(key[1]))
