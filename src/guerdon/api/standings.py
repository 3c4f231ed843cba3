"""A member's standing, as the nouns that show it read it.

The rule: one settled standing serves a whole operation; pages outside its head are fetched only for
the fields that ask for them. What a view means is `core.views`' matter.
"""

from collections.abc import Callable
from typing import TypeVar

from guerdon.api.context import Context
from guerdon.core.activity import Value
from guerdon.core.decision import Given
from guerdon.core.views import View
from guerdon.engine import read

_Shown = TypeVar("_Shown")


async def shown(context: Context, member_id: str, show: Callable[[View], _Shown]) -> _Shown:
    """Return what `show` reads of a member's standing as of now."""
    settled = await context.settled(member_id)
    assert settled is not None, "only members that were found are shown"

    def look(given: Given) -> _Shown:
        return show(View(settled.rulebook, settled.standing, given))

    return await read.view(context.world, settled, look)


def plain_value(value: Value) -> object:
    """Return a value that conditions may ask for as JSON holds it."""
    return [plain_value(item) for item in value] if isinstance(value, tuple) else value
