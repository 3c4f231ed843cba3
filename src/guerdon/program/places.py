"""Where in a document something stands that is named by its path.

Rule: a path goes as deep as the document goes along with it, so that there is always a place; what
stands on defaults and is not written has the place of the noun around it.
"""

from guerdon.program.yaml_source import Mapping, Node, Place, Scalar, Sequence, parse


def place_of(text: str, path: str) -> Place:
    """Return the place of a path such as `program.rules.base.give`; the first line if nothing."""
    root, _ = parse(text)
    if root is None:
        return Place(1, 1)
    node, place = root, root.place
    for part in path.split("."):
        found = _below(node, part)
        if found is None:
            continue
        place, node = found
    return place


def _below(node: Node, part: str) -> tuple[Place, Node] | None:
    if isinstance(node, Mapping):
        return next(((key.place, value) for key, value in node.entries if key.text == part), None)
    if isinstance(node, Sequence):
        for item in node.items:
            named = item.get("id") if isinstance(item, Mapping) else None
            if isinstance(named, Scalar) and named.text == part:
                return item.place, item
    return None
