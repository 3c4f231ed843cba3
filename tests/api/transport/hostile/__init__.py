"""Makes documents, bodies and queries that are built to hurt, one family after another.

The rule: a family is a generator of (name, body) that knows the demo's schema and nothing of our
limits, except where it stays just below one so that what comes behind it is reached. `attacks` has
them all; a new way to hurt is one line in the module it belongs to.
"""

from collections.abc import Callable

from api.transport.hostile.bombs import fragments, overlaps
from api.transport.hostile.envelopes import bodies, variables
from api.transport.hostile.floods import definitions, directives, introspections, selections
from api.transport.hostile.literals import characters, pages, values
from api.transport.hostile.writing import Bodies

FAMILIES: tuple[Callable[[], Bodies], ...] = (
    selections,
    fragments,
    overlaps,
    directives,
    values,
    characters,
    definitions,
    introspections,
    pages,
    variables,
    bodies,
)


def attacks() -> dict[str, bytes]:
    """Return the bodies of all families, by a name of each."""
    return {f"{family.__name__}: {name}": sent for family in FAMILIES for name, sent in family()}
