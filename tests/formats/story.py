"""The story that is frozen: a little of everything that leaves something behind."""

from datetime import UTC, datetime
from decimal import Decimal

from guerdon.engine.inputs import ActivityInput
from worlds import a_purchase, by

FROZEN_AT = int(datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp() * 1_000)

STORY = [
    *(a_purchase(n, member=by(f"m{n % 3}"), amount=Decimal(n + 1)) for n in range(12)),
    ActivityInput(id="race", type="race", member=by("m0")),
    ActivityInput(id="mug", type="redemption", member=by("m2"), data={"item": "mug"}),
    ActivityInput(id="back", type="refund", member=by("m1"), data={"of": "p4"}),
]
