"""How nouns look to members: name, description, image; optional wherever a noun is shown.

Rule: a name that is not given is the id made readable, so a program of bare ids shows well.
"""

from typing import Any

from guerdon.program.records import Fields, Key
from guerdon.program.scalars import LINE, LINK, PROSE


def shown(example: str) -> tuple[Key, ...]:
    """Return the keys of a noun that members see."""
    return (
        Key(name="name", shape=LINE, about="What members read; default: the id.", example=example),
        Key(
            name="description",
            shape=PROSE,
            about="A sentence or two for members.",
            example="Whatever makes it worth having.",
        ),
        Key(
            name="image",
            shape=LINK,
            about="Address of a picture.",
            example="https://example.com/picture.png",
        ),
    )


def readable(name: str) -> str:
    """Return an id as a name: `first_order` becomes First order."""
    words = name.replace("_", " ").replace("-", " ").strip() or name
    return words[:1].upper() + words[1:]


def looks(fields: Fields, name: str) -> dict[str, Any]:
    """Return the arguments of a noun that members see."""
    return {
        "name": fields["name"] or readable(name),
        "description": fields["description"],
        "image_url": fields["image"],
    }
