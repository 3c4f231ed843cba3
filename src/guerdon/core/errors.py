"""Everything the core can refuse, drawn as a tree.

GuerdonError
├── Rejected          the activity is refused, with a reason the reporter can act on
├── Needed            not a refusal: `decide` asks for state it was not given
└── ProgramMistake    the program itself cannot be right

A bug is none of these: it stays an ordinary exception.
"""

from typing import ClassVar


class GuerdonError(Exception):
    """The request was refused."""

    code: ClassVar[str] = "REFUSED"


class Rejected(GuerdonError):
    """An activity that counts for nothing, not even as activity."""

    code = "REJECTED"

    def __init__(self, reason: str, **facts: object) -> None:
        self.reason = reason
        self.facts = facts
        super().__init__(reason)


class ProgramMistake(GuerdonError):
    """A program that was built by hand, not by the loader, and contradicts itself."""

    code = "PROGRAM_MISTAKE"
