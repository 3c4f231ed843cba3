"""Answers that serve several callers: which may be kept, and who sees the same.

The rule: a query is kept only where every field that it reads is on the list here, so that a new
field is read anew until somebody has thought about it. What is kept goes as soon as a revision of
what was read moves (`Context.note`), and at the coalescing interval's end at the latest. Callers of
the same program and rights see the same, but for flags about themselves (`AboutViewer`).
"""

from collections.abc import Hashable
from functools import lru_cache

from guerdon.api.auth import Bearer
from guerdon.api.context import Context
from guerdon.api.transport import Credential, Operation, RecentAnswers
from guerdon.api.transport.encoding import encode_sorted
from guerdon.engine.world import Role
from guerdon.settings import Settings

BYTES_MAX = 32_000_000

SHARED_TYPES = frozenset(
    {
        "Badge",
        "Ladder",
        "Leaderboard",
        "LeaderboardEntry",
        "LeaderboardEntryConnection",
        "LeaderboardEntryEdge",
        "LeaderboardPeriod",
        "Mission",
        "PageInfo",
        "Partner",
        "Profile",
        "Program",
        "Reward",
        "RewardConnection",
        "RewardEdge",
        "Tier",
        "WalletKind",
    }
)
"""Types whose fields change with the program, or with what resolvers note before they read it."""

SHARED_FIELDS = frozenset(
    {"Query.leaderboard", "Query.program", "Query.reward", "Query.rewards"},
)

UNTOLD = frozenset(
    {
        "LeaderboardPeriod.around",
        "LeaderboardPeriod.entry",
        "Partner.allowances",
        "Program.document",
        "Program.waiting",
        "Reward.codesLeft",
        "Reward.onSale",
        "Reward.stock",
    }
)
"""Fields of shared types whose changes nobody tells, or that are about one member."""

_ONES_OWN = frozenset({"LeaderboardUpdate.around"})
"""Fields that lead a member to nobody but that member."""


def kept_answers(settings: Settings) -> RecentAnswers:
    """Return the store of answers about shared state, for one process."""

    def key(operation: Operation, credential: Credential) -> Hashable | None:
        if operation.document.uses_introspection or not are_shared(operation.coordinates):
            return None
        rights = rights_of(operation, credential)
        variables = encode_sorted(operation.variables) if operation.variables else b""
        if rights is None or variables is None:
            return None
        return operation.document.digest, operation.planned.name, rights, variables

    return RecentAnswers(
        key,
        still_true=_still_true,
        seconds_max=1 / settings.leaderboard_updates_per_second,
        bytes_max=BYTES_MAX,
    )


@lru_cache(maxsize=1_024)
def are_shared(coordinates: frozenset[str]) -> bool:
    """Tell whether callers of the same rights see the same of all fields, and changes are told."""
    return all(
        it in SHARED_FIELDS or (it.partition(".")[0] in SHARED_TYPES and it not in UNTOLD)
        for it in coordinates
    )


def rights_of(operation: Operation, credential: Credential) -> str | None:
    """Return what makes callers see the same answer to an operation; None for nobody's."""
    caller = credential.caller if isinstance(credential, Bearer) else None
    if caller is None:
        return None
    rights = [caller.program, caller.role, caller.partner or "", *sorted(caller.scopes)]
    if caller.role is Role.MEMBER and _ONES_OWN & operation.coordinates:
        rights.append(str(caller.member))
    return " ".join(rights)


def _still_true(context: object) -> bool:
    return isinstance(context, Context) and context.is_current()
