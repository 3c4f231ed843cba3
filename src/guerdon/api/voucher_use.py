"""Using vouchers: at the owner's till, or by the partner who honours them.

The rule: a voucher is used once. A call without an `activityId` is a try of its own, so that of any
number of tills that scan one code a single one succeeds; with one, a repeat answers with what
became of the first. Whether a voucher is good is decided in `core`. Codes that lead nowhere are
guesses, and counted as such; one that was used before is none.
"""

from typing import Annotated
from uuid import uuid4

from guerdon.api.changes import place, report
from guerdon.api.context import Info
from guerdon.api.describe import argument, asks, given, may, mutation, noun, order, says
from guerdon.api.guesses import TooManyTries
from guerdon.api.problems import Problem, Refused, outcome_problems, refusing, undecided
from guerdon.api.vouchers import Voucher, voucher_noun
from guerdon.core.decision import VoucherEffect
from guerdon.engine import vouchers
from guerdon.engine.inputs import MemberRef
from guerdon.engine.pseudonyms import shown_as


@order
class UseVoucherInput:
    """Which voucher to use."""

    activity_id: str | None = may(
        "Makes a repeated call harmless; absent: a try of its own, which fails where the voucher"
        " was used before."
    )
    code: str = asks("What the member shows: the code as it was typed or scanned.")


@noun
class VoucherPayload:
    """What became of a voucher that was to be used."""

    voucher: Voucher | None = says("The voucher, now used; null where it was refused.")
    problems: list[Problem] = says("Why it was refused; empty where it was done.")


@noun
class VoucherMutations:
    """Root fields that use vouchers."""

    @mutation
    @refusing(lambda problems: VoucherPayload(voucher=None, problems=problems))
    async def use_voucher(
        self, info: Info, input: Annotated[UseVoucherInput, argument("Which voucher.")]
    ) -> VoucherPayload:
        """By the till or the partner: the voucher is used, once."""
        context = info.context
        try:
            async with context.trying_a_code():
                member_id, name, held = await vouchers.find(
                    context.world, context.caller, input.code
                )
        except TooManyTries as refusal:
            problem = Refused(code=refusal.code, message=refusal.message, path=["code"])
            return VoucherPayload(voucher=None, problems=[problem])
        receipt = await report(
            context,
            "voucher_used",
            MemberRef(id=shown_as(context.caller, member_id)),
            activity_id=given(input.activity_id) or f"voucher_used.{uuid4().hex}",
            data={"voucher": name},
        )
        problems = outcome_problems(receipt, place) or undecided(receipt)
        used = [
            effect
            for effect in (receipt.entry.effects if receipt.entry else ())
            if isinstance(effect, VoucherEffect) and effect.voucher == name
        ]
        if problems or not used:
            return VoucherPayload(voucher=None, problems=problems)
        voucher = voucher_noun(
            context.caller, member_id, name, kind=held.kind, state="used", until=held.until
        )
        return VoucherPayload(voucher=voucher, problems=[])
