"""Vouchers as they are presented with an activity: by code, or by what their member calls them.

Rule: a code is taken for the name of the voucher it leads to, of the member whom the activity
concerns; any other text stays as it is, so that somebody else's code is as good as none. Whether
the voucher can be used, and by whom, is decided in `core`. No code of a known voucher is kept.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from guerdon.core.activity import Activity, Value
from guerdon.core.conditions import text
from guerdon.core.vouchers import Voucher, origin_of
from guerdon.engine import code_pools, codes
from guerdon.engine.vouchers import code_key, code_of, held_by
from guerdon.engine.world import World

LISTED = "vouchers"
SINGLE = "voucher"
FIELDS = frozenset({LISTED, SINGLE})


class Presented(NamedTuple):
    """An activity's data with the names of vouchers, and how many texts are none of its member's.

    Those are what somebody says who guesses.
    """

    data: Mapping[str, Value]
    astray: int = 0


async def named(
    world: World, program: str, member: str | None, kind: str, data: Mapping[str, Value]
) -> Presented:
    """Return an activity's data with the names of vouchers in place of their codes."""
    field = SINGLE if kind == "voucher_used" else LISTED
    given = data.get(field)
    if given is None or member is None:
        return Presented(data)
    held = await held_by(world, program, member)
    leads = _Leads(world, program, member, held)
    texts = given if isinstance(given, tuple) else (given,)
    names = tuple([await leads.name_of(each) for each in texts])
    astray = sum(text(name) not in held for name in names)
    return Presented({**data, field: names if isinstance(given, tuple) else names[0]}, astray)


async def of(world: World, program: str, activity: Activity) -> Activity:
    """Return an activity that nobody's was until now, with the names of its member's vouchers."""
    data, _ = await named(world, program, activity.member, activity.type, activity.data)
    return activity if data is activity.data else replace(activity, data=data)


class _Leads:
    """Where codes lead among the vouchers of one member."""

    def __init__(
        self, world: World, program: str, member: str, held: Mapping[str, Voucher]
    ) -> None:
        self._world = world
        self._program = program
        self._member = member
        self._held = held

    async def name_of(self, presented: Value) -> Value:
        """Return the name of the voucher that is meant; the same text where none is."""
        shown = text(presented)
        if shown in self._held:
            return presented
        plain = codes.plain(shown)
        if codes.is_checked(plain):
            key = await code_key(self._world, self._program)
            for name, voucher in self._held.items():
                if code_of(key, origin_of(self._member, name, voucher)) == plain:
                    return name
        pooled = {voucher.codes: name for name, voucher in self._held.items() if voucher.codes}
        if not pooled:
            return presented
        for reference in await code_pools.references_of(self._world, self._program, shown):
            if reference in pooled:
                return pooled[reference]
        return presented
