"""What the engine refuses as a whole; refusals of single activities are receipts.

GuerdonError
├── NotFound              what was named does not exist in this program
├── InvalidInput          the request itself cannot be right; `problems` says where
├── Refused               the state of things does not allow it; `reason` is a fixed word
├── Forbidden             the credential may not do this
├── Unauthenticated       the credential is unknown, expired or revoked
├── IssuerDown            the keys of a token's issuer cannot be had at present
├── ComeBack              too much is waiting; `retry_after_ms` says when to come back
└── Unavailable           the database does not answer at present; nothing was lost

`LiveDown` and `NotBuilt` are no refusals: Redis does not answer or has not got it, and the engine
reads MongoDB instead.
"""

from guerdon.core.errors import GuerdonError
from guerdon.engine.outcomes import Problem


class NotFound(GuerdonError):
    """What was named does not exist; foreign and unknown ids answer alike."""

    code = "NOT_FOUND"

    def __init__(self, what: str, path: tuple[str, ...] = ()) -> None:
        self.path = path
        super().__init__(f"There is no such {what} in this program.")


class InvalidInput(GuerdonError):
    """The request cannot be right, whatever is stored."""

    code = "INVALID_INPUT"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__(" ".join(problem.message for problem in problems))


class Refused(GuerdonError):
    """Well formed, but not allowed as things are."""

    code = "REFUSED"

    def __init__(self, reason: str, message: str, path: tuple[str, ...] = ()) -> None:
        self.reason = reason
        self.path = path
        super().__init__(message)


class Forbidden(GuerdonError):
    """The credential may not do this."""

    code = "FORBIDDEN"


class Unauthenticated(GuerdonError):
    """The credential is unknown, expired or revoked; which of these is not told."""

    code = "UNAUTHENTICATED"

    def __init__(self) -> None:
        super().__init__("This credential is not valid; ask for a new one.")


class IssuerDown(GuerdonError):
    """The keys of a token's issuer cannot be had; whether the token is good is not known."""

    code = "UNAVAILABLE"

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(
            f"The issuer of this token {what}, so that the token cannot be checked; try again."
        )


class ComeBack(GuerdonError):
    """More is waiting than is decided in reasonable time."""

    code = "COME_BACK"

    def __init__(self, retry_after_ms: int) -> None:
        self.retry_after_ms = retry_after_ms
        super().__init__(
            "Too many activities are waiting to be decided; nothing of this request was taken. "
            f"Send it again in {max(retry_after_ms // 1000, 1)} s."
        )


class Unavailable(GuerdonError):
    """The database does not answer; what was accepted before is safe."""

    code = "UNAVAILABLE"

    def __init__(self) -> None:
        super().__init__("The service cannot reach its database at present; try again shortly.")


class NotPrepared(GuerdonError):
    """The database lacks what guerdon needs, and this login may not make it."""

    code = "NOT_PREPARED"

    def __init__(self) -> None:
        super().__init__(
            "The database lacks collections, indexes or rules that this version of guerdon needs, "
            "and the login of GUERDON_MONGO_URL may not make them. Run `guerdon migrate` with "
            "GUERDON_MONGO_OWNER_URL set to that of a login that may."
        )


class LiveDown(Exception):
    """Redis does not answer; all it holds can be had from MongoDB or rebuilt."""


class NotBuilt(LiveDown):
    """Redis answers, but does not have this leaderboard as a whole."""


class BuildLost(LiveDown):
    """Redis answers, but what was being built there is gone, or another's by now."""
