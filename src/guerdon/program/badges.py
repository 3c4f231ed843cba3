"""The section `badges`: given once, for a counter, a mission or a tier; never taken away."""

from dataclasses import replace
from typing import Any

from guerdon.core.program import Badge
from guerdon.program.draft import Spot, child, written
from guerdon.program.grants import effects
from guerdon.program.numbers import READING
from guerdon.program.presentation import looks, shown
from guerdon.program.records import Fields, Key, Record
from guerdon.program.scalars import COUNTER, LADDER, MISSION, TIER, judge_id
from guerdon.program.shapes import MapOf, Shape

_SOURCES = ("counter", "mission", "ladder")
_PARTNERS = {"at": "counter", "tier": "ladder"}


def _badge(fields: Fields) -> Badge:
    name = fields.spot.name
    sources = [source for source in _SOURCES if fields.given(source)]
    if len(sources) > 1:
        raise fields.at(sources[1]).wrong(
            f"A badge is given for `{sources[0]}` or for `{sources[1]}`, not for both.",
            "Make two badges.",
        )
    for key, source in _PARTNERS.items():
        if fields.given(key) and source not in sources:
            raise fields.at(key).wrong(
                f"`{key}` belongs beside `{source}`.", f"Add `{source}: NAME`, or remove it."
            )
        if source in sources and not fields.given(key):
            raise fields.spot.wrong(
                f"`{key}` is missing beside `{source}`.",
                f"Add it, for example `{key}: {_LIKE[key]}`.",
            )
    own: dict[str, Any] = fields.without("name", "description", "image")
    return Badge(id=name, **looks(fields, name), **own)


_LIKE = {"at": "1", "tier": "gold"}


def _scope(spot: Spot) -> Spot:
    counter = written(child(spot.node, "counter")) or ""
    return replace(
        spot,
        ladder=written(child(spot.node, "ladder")),
        reading=spot.draft.counters.get(counter),
    )


BADGES: Shape[dict[str, Badge]] = MapOf(
    Record(
        what="a badge",
        keys=(
            *shown("First order"),
            Key(
                name="counter",
                shape=COUNTER,
                about="Given when this counter reaches `at`.",
                example="orders",
            ),
            Key(name="at", shape=READING, about="The counter's value.", example="1", default=0),
            Key(
                name="mission",
                shape=MISSION,
                about="Given when this mission is completed.",
                example="visits",
            ),
            Key(
                name="ladder",
                shape=LADDER,
                about="Given when a tier of this ladder is reached.",
                example="status",
            ),
            Key(name="tier", shape=TIER, about="The tier.", example="gold"),
            effects("grant", "Given with the badge."),
        ),
        build=_badge,
        scope=_scope,
        about="A mark that stays.",
    ),
    judge_id,
)
