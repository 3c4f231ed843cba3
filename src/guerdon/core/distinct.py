"""Different values, or days, of which a window counts each once.

Rule: a value counts as long as more has brought it than has taken it back; with `each` once its
own sum is large enough. Streaks are in `core.streaks`, the other measures in `core.counters`.
"""

from guerdon.core.deciding import Deciding
from guerdon.core.measures import Share, weight
from guerdon.core.readings import Reading


def join(d: Deciding, reading: Reading, window: str, values: tuple[tuple[str, int], ...]) -> int:
    """Let values join a distinct or once-a-day measure; return by how much the figure moved."""
    measure, name = reading.measure, reading.set
    moved = 0
    items = (d.forked.get(name) or d.shelf(name)).items
    for value, part in values:
        key = f"{window}|{value}"
        known = items.get(key)
        held, times = known or d.look(name, key) or (0, 0)
        if known is None:
            d.put(name, key, (held + part, times + 1))
        else:
            items[key] = (held + part, times + 1)
        if measure.each_sum is None and times > 0:
            continue  # what was there counts as it did
        moved += weight(measure, held + part, times + 1) - weight(measure, held, times)
    return moved


def change_values(
    d: Deciding, reading: Reading, window: str, *, before: Share, after: Share
) -> int:
    """Move the values of a distinct or once-a-day measure; return by how much the figure moved."""
    measure = reading.measure
    name = reading.set
    old, new = dict(before.values), dict(after.values)
    moved = 0
    for value in dict.fromkeys((*old, *new)):
        key = f"{window}|{value}"
        held, times = d.look(name, key) or (0, 0)
        held_after = held + new.get(value, 0) - old.get(value, 0)
        times_after = times + (value in new) - (value in old)
        moved += weight(measure, held_after, times_after) - weight(measure, held, times)
        if times_after or held_after:
            d.put(name, key, (held_after, times_after))
        elif times or held:
            d.drop(name, key)
    return moved
