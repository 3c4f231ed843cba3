"""Named crash points: places where a test ends the process as SIGKILL would.

Rule: all of them are listed here, so that a test can go through every one; outside of tests nobody
sets one, and passing one costs a comparison. Which one is armed comes from the World.
"""

import os
from enum import StrEnum


class CrashPoint(StrEnum):
    """Where accepting, scoring, projecting and growing can be cut off, in the order passed."""

    AFTER_RECEIPTS = "after_receipts"
    AFTER_INBOX = "after_inbox"
    AFTER_TAKE = "after_take"
    AFTER_READ = "after_read"
    AFTER_CLAIM = "after_claim"
    AFTER_CODE = "after_code"
    AFTER_DECIDE = "after_decide"
    BEFORE_COMMIT = "before_commit"
    IN_TRANSACTION = "in_transaction"
    AFTER_CONFIRM = "after_confirm"
    AFTER_COMMIT = "after_commit"
    BEFORE_FREEING = "before_freeing"
    AFTER_PROJECT = "after_project"
    AFTER_RELEASE = "after_release"
    AFTER_OPENING = "after_opening"
    AFTER_STEP = "after_step"
    AFTER_LANE = "after_lane"


EXIT_CODE = 86


class CrashPoints:
    """Ends the process at the armed point, if any."""

    __slots__ = ("_armed",)

    def __init__(self, armed: str | None = None) -> None:
        self._armed = None if armed is None else CrashPoint(armed)

    def __call__(self, point: CrashPoint) -> None:
        """Pass a point."""
        if self._armed is point:
            os._exit(EXIT_CODE)
