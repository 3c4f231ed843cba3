"""The interface of everything that has a global id.

How a node is found by its id is in `lookup`, because that knows every noun.
"""

import strawberry

from guerdon.api.describe import interface, says


@interface
class Node:
    """A thing that a client's cache can keep and fetch again by its id."""

    id: strawberry.ID = says("The global id: opaque, stable, unique over all types.")
