"""Counters: what a program counts of a member's activities.

What counts, and in which window, is decided in `core`.
"""

from collections.abc import Sequence
from decimal import Decimal

from guerdon.api.context import Context
from guerdon.api.describe import noun, says
from guerdon.api.instants import amount
from guerdon.api.standings import shown
from guerdon.core.views import View


@noun
class CounterReading:
    """A counter's value for a member, as of now, in the counter's own window."""

    slug: str = says("The counter's short name in the program.")
    value: Decimal = says("Its value, with as many digits as the counter has.")


async def counters_of(
    context: Context, member_id: str, slugs: Sequence[str] | None
) -> list[CounterReading]:
    """Return a member's counters, all or those named; names that are no counter's are left out.

    Those that a version dropped are found by their names.
    """
    catalogue = await context.catalogue()
    asked = catalogue.program.counters if slugs is None else dict.fromkeys(slugs)

    def show(view: View) -> list[CounterReading]:
        return [
            CounterReading(
                slug=slug, value=amount(view.counter(slug), catalogue.counter_scale(slug))
            )
            for slug in asked
            if view.has_counter(slug)
        ]

    return await shown(context, member_id, show)
