"""Activities as they were reported, and how exports write values.

Rule: what comes out can go in again: the owner's ids, exact decimals, instants in UTC, and nothing
that only the engine knows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from guerdon.core.activity import Activity, Instant, Line, Value
from guerdon.core.amounts import to_decimal
from guerdon.engine.world import World

Row = dict[str, Any]

_MEMBERS = ("referrer", "to", "into")
"""Values that are members: they are handed out under the owner's ids."""


@dataclass(slots=True)
class Names:
    """The owner's ids by ours, looked up once."""

    world: World
    program: str
    known: dict[str, str] = field(default_factory=dict)

    async def learn(self, ids: Iterable[str | None]) -> None:
        """Look those up that are not known."""
        missing = {each for each in ids if each and each not in self.known}
        if missing:
            found = await self.world.members.profiles(self.program, missing)
            self.known |= {each: profile.external_id for each, profile in found.items()}

    def of(self, member: str | None) -> str | None:
        """Return the owner's id of a member, ours of one who has none any more."""
        return None if member is None else self.known.get(member, member)

    async def learn_from(self, activities: Iterable[Activity]) -> None:
        """Look up everybody whom these activities name."""
        named = [
            name
            for each in activities
            for name in (each.member, *(_text(each.data.get(it)) for it in _MEMBERS))
        ]
        await self.learn(named)


def reported(activity: Activity, names: Names, scale: int) -> Row:
    """Return an activity as the API's `ActivityInput` has it, the member by the owner's id."""
    found: Row = {
        "activityId": activity.id,
        "type": activity.type,
        "at": instant(activity.at),
        "member": names.of(activity.member),
        "ref": activity.ref,
        "partner": activity.partner,
    }
    lines = activity.lines
    if len(lines) == 1 and lines[0].whole:
        found["amount"] = to_decimal(lines[0].amount, scale)
    elif lines:
        found["lines"] = [_line(line, scale) for line in lines]
    data = {key: value for key, value in activity.data.items() if key != "of_key"}
    for key in _MEMBERS:
        if key in data:
            data[key] = names.of(_text(data[key]))
    if data:
        found["data"] = _nested(plain_values(data))
    return {key: value for key, value in found.items() if value is not None}


def _line(line: Line, scale: int) -> Row:
    plain: Row = plain_values(line.fields)
    own: Row = {key: plain.pop(key) for key in ("sku", "category", "brand") if key in plain}
    return {**own, "amount": to_decimal(line.amount, scale), **({"data": plain} if plain else {})}


def _nested(data: Row) -> Row:
    """Return a flat map as it was reported: `attrs.city` is `city` of the map `attrs`."""
    found: Row = {}
    for key, value in data.items():
        group, dot, name = key.partition(".")
        if dot:
            found.setdefault(group, {})[name] = value
        else:
            found[key] = value
    return found


def instant(at: Instant) -> str:
    """Return an instant as RFC 3339 in UTC, with milliseconds."""
    moment = datetime.fromtimestamp(at // 1_000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at % 1_000:03d}Z"


def maybe(at: Instant | None) -> str | None:
    """Return an instant that may be missing."""
    return None if at is None else instant(at)


def plain_values(values: Mapping[str, Value]) -> Row:
    """Return fields or attributes by name."""
    return {name: _value(value) for name, value in values.items()}


def _value(value: Value) -> str | Decimal | list[Any] | None:
    if isinstance(value, tuple):
        return [_value(each) for each in value]
    return value


def _text(value: Value) -> str | None:
    return value if isinstance(value, str) else None
