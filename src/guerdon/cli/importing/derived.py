"""Files of `guerdon export` that are not what a command takes in: told by their first line.

The rule: what follows from activities is never taken in. A balance that somebody puts there would
have no lots, no expiry and no reason, and a line of the ledger looks like an activity that it is
not: brought in as one, everything would happen twice.
"""

import json
from pathlib import Path

from guerdon.cli.importing.refused import AskedWrongly

_FIRST_LINE_BYTES_MAX = 1_000_000
_MARKS = {
    "ledger": {"lane", "seq", "postings"},
    "balances": {"wallet", "spendable", "pending", "debt"},
    "members": {"externalId", "wallets", "tiers"},
    "activities": {"activityId", "type", "at", "member"},
}
"""What only lines of that kind have, the more particular ones first."""


def refuse_others(path: Path, *, wanted: str) -> None:
    """Let pass what is no export, or an export of what is `wanted` (activities, members).

    Raises:
        AskedWrongly: It is one of another kind; the sentence says where that belongs.
    """
    kind = _kind_of(path)
    if kind is None or kind == wanted:
        return
    if kind in {"activities", "members"}:
        raise AskedWrongly(
            f"{path} is what `guerdon export {kind}` writes: `guerdon import {kind}` takes it in."
        )
    raise AskedWrongly(
        f"{path} is what `guerdon export {kind}` writes. That follows from the activities and is "
        "not taken in by itself: bring in `guerdon export activities`, then `guerdon export "
        f"members`, and compare what `guerdon export {kind}` says here with this file."
    )


def _kind_of(path: Path) -> str | None:
    with path.open("rb") as file:
        line = file.readline(_FIRST_LINE_BYTES_MAX)
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):  # CSV, or not the export's
        return None
    if not isinstance(found, dict):
        return None
    return next((kind for kind, marks in _MARKS.items() if marks <= found.keys()), None)
