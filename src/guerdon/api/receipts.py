"""Receipts: reporting activities, and what became of each.

The rule: a batch is judged item by item, in order; what is wrong with one is said of that one and
takes nothing from the others. Items stay plain values all the way, because a thousand of them must
cost the process next to nothing.

Judging and keeping them is the matter of `engine.accept`.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON

from guerdon.api.activities import Activity, ActivityResult, activity_noun, may_see, result_of
from guerdon.api.context import Info
from guerdon.api.describe import (
    argument,
    asks,
    bulk_mutation,
    field,
    kind,
    kinds,
    may,
    noun,
    order,
    says,
)
from guerdon.api.instants import to_instant
from guerdon.api.problems import Problem, object_of, problem_nouns, refusing
from guerdon.api.references import MemberRef, plain_ref
from guerdon.engine import accept
from guerdon.engine.inputs import ActivityInput as Given
from guerdon.engine.inputs import LineInput as GivenLine
from guerdon.engine.inputs import Wait as HowLong
from guerdon.engine.outcomes import NOBODY, Result
from guerdon.engine.outcomes import Receipt as Outcome
from guerdon.engine.refusals import InvalidInput


@kinds
class Wait(Enum):
    """How long `recordActivities` waits."""

    ACCEPTED = kind("accepted", "Until all are durably accepted.")
    DECIDED = kind("decided", "Until all are decided, within the service's waiting limit.")


@order
class LineInput:
    """One line of a purchase: net of discounts, without tax, tips and shipping."""

    sku: str | None = may("What was bought, as the shop numbers it.")
    category: str | None = may("The category it belongs to.")
    brand: str | None = may("The brand it is of.")
    amount: Decimal = asks("What was paid for it, in the program's money.")
    data: JSON | None = may("Other attributes that conditions may ask for.")


@order
class ActivityInput:
    """A fact to be reported."""

    activity_id: str = asks(
        "Chosen by the reporter, at most 200 characters; a repeat with the same content is a"
        " duplicate and does nothing."
    )
    type: str = asks('What kind of fact it is, in the program\'s words, such as "purchase".')
    at: datetime | None = may(
        "When it happened; absent: now. What a member's own token reports happens now."
    )
    member: MemberRef | None = may(
        "Whom it concerns; absent only for types that concern the whole program, and for a member's"
        " own token."
    )
    partner: str | None = may("For service credentials; a partner's own key names its partner.")
    ref: str | None = may(
        "A receipt or order number: the same (type, partner, ref) under another activityId is a"
        " duplicate too."
    )
    amount: Decimal | None = may("What was paid in all, where there are no lines.")
    lines: list[LineInput] | None = may("What was bought, line by line.")
    data: JSON | None = may("Everything else that the program's conditions may ask for.")


@order
class RecordActivitiesInput:
    """What `recordActivities` takes."""

    activities: list[ActivityInput] = asks("Up to 1,000, decided in this order for each member.")
    wait: Wait | None = strawberry.field(
        description="Whether to wait for the decisions.", default=Wait.ACCEPTED
    )


@noun
class Receipt:
    """What became of one reported activity."""

    activity_id: str = says("The reporter's own id.")
    result: ActivityResult = says("What became of it so far.")
    reason: str | None = says("Why it was refused, as a fixed word; `problems` has the sentence.")
    outcome: strawberry.Private[Outcome]

    @field
    async def activity(self, info: Info) -> Activity | None:
        """The activity with its effects; present once decided."""
        entry = self.outcome.entry or await info.context.activity(self.outcome.key)
        if entry is None or entry.decided_at is None or not await may_see(info.context, entry):
            return None
        return activity_noun(await info.context.catalogue(), entry)


@noun
class RecordActivitiesPayload:
    """What `recordActivities` answers."""

    receipts: list[Receipt] = says("One for each activity, in the order of the input.")
    problems: list[Problem] = says(
        "What is wrong with single activities; each path begins with `activities` and the position."
    )


@noun
class ReceiptMutations:
    """Root fields that report activities."""

    @bulk_mutation
    @refusing(lambda problems: RecordActivitiesPayload(receipts=[], problems=problems))
    async def record_activities(
        self,
        info: Info,
        input: Annotated[RecordActivitiesInput, argument("What to report.")],
    ) -> RecordActivitiesPayload:
        """Report up to 1,000 activities; each gets its own receipt."""
        asked: Any = input
        context = info.context
        batch = Batch()
        for item in asked["activities"]:
            batch.add(item, context.program)
        wait = HowLong((asked.get("wait") or Wait.ACCEPTED).value)
        async with context.reporting() as report:
            judged = await accept.record(context.world, context.caller, batch.inputs, wait=wait)
            report.unknown = _unknown(batch.inputs, judged)
        outcomes = batch.in_order(judged)
        return RecordActivitiesPayload(
            receipts=[
                Receipt(
                    activity_id=outcome.activity_id,
                    result=result_of(outcome.result),
                    reason=outcome.reason,
                    outcome=outcome,
                )
                for outcome in outcomes
            ],
            problems=problem_nouns(
                (problem, ("activities", str(position), *problem.path))
                for position, outcome in enumerate(outcomes)
                for problem in outcome.problems
            ),
        )


def _unknown(inputs: list[Given], outcomes: list[Outcome]) -> int:
    """Count what a caller named and has learned to be nobody's: members, and their vouchers."""
    astray = sum(outcome.astray for outcome in outcomes)
    return astray + len(
        {
            given.member
            for given, outcome in zip(inputs, outcomes, strict=True)
            if outcome.result is Result.PARKED or outcome.reason in NOBODY
        }
    )


class Batch:
    """The items of one request: those that the engine judges, and those it cannot even take."""

    __slots__ = ("_refused", "inputs")

    def __init__(self) -> None:
        self.inputs: list[Given] = []
        self._refused: list[tuple[int, Outcome]] = []

    def add(self, item: Mapping[str, Any], program: str) -> None:
        """Take an item up, or note that a value in it cannot be one of an activity's."""
        try:
            self.inputs.append(given_activity(item, program))
        except InvalidInput as refusal:
            outcome = Outcome(
                activity_id=item["activityId"],
                result=Result.REJECTED,
                reason="invalid",
                problems=refusal.problems,
            )
            self._refused.append((len(self.inputs) + len(self._refused), outcome))

    def in_order(self, outcomes: list[Outcome]) -> list[Outcome]:
        """Return the outcomes of all items in the order of the request."""
        for position, refused in self._refused:
            outcomes.insert(position, refused)
        return outcomes


def given_activity(item: Mapping[str, Any], program: str) -> Given:
    """Return one `ActivityInput`, which came as plain values, as the engine takes it.

    Raises:
        InvalidInput: A value in it cannot be one of an activity's.
    """
    at, member, lines = item.get("at"), item.get("member"), item.get("lines")
    return Given(
        id=item["activityId"],
        type=item["type"],
        at=None if at is None else to_instant(at),
        member=None if member is None else plain_ref(member, program),
        partner=item.get("partner"),
        ref=item.get("ref"),
        amount=item.get("amount"),
        lines=None if lines is None else tuple(map(_given_line, range(len(lines)), lines)),
        data=object_of(item.get("data"), "data"),
    )


def _given_line(position: int, line: Mapping[str, Any]) -> GivenLine:
    return GivenLine(
        amount=line["amount"],
        sku=line.get("sku"),
        category=line.get("category"),
        brand=line.get("brand"),
        data=object_of(line.get("data"), "lines", str(position), "data"),
    )
