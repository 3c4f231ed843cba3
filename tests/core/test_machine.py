"""Members' lives played move by move: at each of them core and the naive evaluator agree.

Where the other properties judge whole lives, this machine chooses its next move by what was seen,
and looks at invariants in between.
"""

from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from guerdon.core.program import Program
from lives import GAP_COUNT, LATE_COUNT, Deed, Storyteller
from oracle.twin import Twin
from strategies import BEGINNINGS, programs

GAPS = st.integers(0, GAP_COUNT - 1)
LATE = st.integers(0, LATE_COUNT - 1)
WHO = st.integers(0, 2)
PICKS = st.integers(0, 2**48)


class Lives(RuleBasedStateMachine):
    """Three members of a random program."""

    twin: Twin
    story: Storyteller

    @initialize(program=programs(), begin=BEGINNINGS)
    def open(self, program: Program, begin: int) -> None:
        """Begin with three members."""
        self.twin = Twin(program)
        self.story = Storyteller(program, begin)
        for who in range(3):
            self._do("enroll", who=who)

    def _do(self, kind: str, **choices: Any) -> None:
        told = self.story.tell(Deed(kind, **choices))
        if told is not None:
            self.twin.take(*told)

    @rule(who=WHO, gap=GAPS, late=LATE, picks=PICKS)
    def earn(self, who: int, gap: int, late: int, picks: int) -> None:
        """Do something that may earn."""
        self._do("earn", who=who, gap=gap, late=late, picks=picks)

    @precondition(lambda self: "earning" in self.story.of_kind)
    @rule(kind=st.sampled_from(["refund", "refund", "void", "confirm"]), gap=GAPS, picks=PICKS)
    def undo(self, kind: str, gap: int, picks: int) -> None:
        """Undo something earned, in part or as a whole."""
        self._do(kind, gap=gap, picks=picks)

    @precondition(lambda self: bool(self.story.program.rewards))
    @rule(who=WHO, gap=GAPS, picks=PICKS)
    def redeem(self, who: int, gap: int, picks: int) -> None:
        """Take a reward."""
        self._do("redeem", who=who, gap=gap, picks=picks)

    @precondition(lambda self: "redemption" in self.story.of_kind)
    @rule(gap=GAPS, picks=PICKS)
    def cancel(self, gap: int, picks: int) -> None:
        """Give a reward back."""
        self._do("cancel", gap=gap, picks=picks)

    @precondition(lambda self: "redemption" in self.story.of_kind)
    @rule(kind=st.sampled_from(["fulfil", "fail"]), gap=GAPS, picks=PICKS)
    def answer(self, kind: str, gap: int, picks: int) -> None:
        """Fulfil a redemption, or refuse to."""
        self._do(kind, gap=gap, picks=picks)

    @rule(
        kind=st.sampled_from(
            [
                "adjust",
                "transfer",
                "update",
                "join",
                "grant",
                "award",
                "show",
                "plan",
                "leave_plan",
            ]
        ),
        who=WHO,
        late=LATE,
        picks=PICKS,
    )
    def change(self, kind: str, who: int, late: int, picks: int) -> None:
        """Change what a member holds or is."""
        self._do(kind, who=who, late=late, picks=picks)

    @rule(kind=st.sampled_from(["again", "link"]), who=WHO, picks=PICKS)
    def report_again(self, kind: str, who: int, picks: int) -> None:
        """Report something a second time, or link a number."""
        self._do(kind, who=who, picks=picks)

    @rule(gap=GAPS)
    def wait(self, gap: int) -> None:
        """Let time pass."""
        self.twin.tick(self.story.wait(gap))

    @invariant()
    def both_show_the_same(self) -> None:
        """Nothing differs between the two."""
        if hasattr(self, "twin"):
            assert self.twin.differences() == []

    @invariant()
    def spending_leaves_no_debt_beside_units(self) -> None:
        """Whoever owes has nothing to spend."""
        if hasattr(self, "twin"):
            for standing in self.twin.core.memory.members():
                for state in standing.wallets.values():
                    assert not (state.debt and state.spendable)


TestLives = Lives.TestCase
TestLives.settings = settings(
    max_examples=20,
    stateful_step_count=20,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)
