"""How the schema's types are written down: a docstring is what a frontend developer reads.

The rule: nothing enters the schema without a description. Strawberry ignores docstrings; the
decorators here pass them on, one sentence or paragraph a line, and refuse a type or a resolver
that has none. Attributes carry theirs in `says`, arguments in `argument`.

What the types mean is in the module of each noun.
"""

import inspect
import re
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar, dataclass_transform

import strawberry
from strawberry.types.arguments import StrawberryArgumentAnnotation
from strawberry.types.field import StrawberryField

_T = TypeVar("_T")
_E = TypeVar("_E", bound=type[Enum])

BULK = "bulk"
"""The mark of a field whose resolver takes plain values (see `fields`)."""

_WRAPPED_LINE = re.compile(r"(?<!\n)\n(?!\n)")


def text_of(described: Any) -> str:
    """Return the docstring as running text: wrapped lines are joined, paragraphs are kept.

    Raises:
        ValueError: There is no docstring, or only one that was inherited.
    """
    own = vars(described).get("__doc__") if isinstance(described, type) else described.__doc__
    if not own:
        raise ValueError(f"{described!r} enters the schema and needs a docstring.")
    return _WRAPPED_LINE.sub(" ", inspect.cleandoc(own))


def says(description: str, *, name: str | None = None) -> Any:
    """Describe an attribute of an output type."""
    return strawberry.field(description=description, name=name)


def asks(description: str, *, name: str | None = None) -> Any:
    """Describe a field of an input that must be given."""
    return strawberry.field(description=description, name=name)


def may(description: str, *, name: str | None = None) -> Any:
    """Describe a field of an input that may be left out; it is `UNSET` then, and None for null."""
    return strawberry.field(description=description, name=name, default=strawberry.UNSET)


def given(value: _T | None) -> _T | None:
    """Return what a field of an input says, None where it was left out."""
    return None if value is strawberry.UNSET else value


def argument(description: str, *, name: str | None = None) -> StrawberryArgumentAnnotation:
    """Describe an argument, inside `Annotated`."""
    return strawberry.argument(description=description, name=name)


def field(resolver: Callable[..., Any]) -> Any:
    """Make a field of a method; the docstring describes it."""
    return strawberry.field(resolver=resolver, description=text_of(resolver))


def bulk_field(resolver: Callable[..., Any], *, cost: int) -> Any:
    """Make a field that takes its input as plain values, as `bulk_mutation` does."""
    return strawberry.field(
        resolver=resolver, description=text_of(resolver), metadata={BULK: True, "cost": cost}
    )


def mutation(resolver: Callable[..., Any]) -> Any:
    """Make a mutation of a method; the docstring describes it."""
    return strawberry.mutation(resolver=resolver, description=text_of(resolver))


def bulk_mutation(resolver: Callable[..., Any]) -> Any:
    """Make a mutation that takes its input as plain values, as GraphQL has checked them.

    Building an object an item costs more than all the rest of a large batch. The names in the maps
    are those of the schema.
    """
    return strawberry.mutation(
        resolver=resolver, description=text_of(resolver), metadata={BULK: True}
    )


def subscription(resolver: Callable[..., Any]) -> Any:
    """Make a subscription of an asynchronous generator; the docstring describes it."""
    return strawberry.subscription(resolver=resolver, description=text_of(resolver))


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field, StrawberryField))
def noun(cls: type[_T]) -> type[_T]:
    """Make an output type; the docstring describes it."""
    return strawberry.type(cls, description=text_of(cls))


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field, StrawberryField))
def interface(cls: type[_T]) -> type[_T]:
    """Make an interface; the docstring describes it."""
    return strawberry.interface(cls, description=text_of(cls))


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field, StrawberryField))
def order(cls: type[_T]) -> type[_T]:
    """Make the input of a mutation; the docstring describes it."""
    return strawberry.input(cls, description=text_of(cls))


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field, StrawberryField))
def choice(cls: type[_T]) -> type[_T]:
    """Make an input of which exactly one field is given; the docstring describes it."""
    return strawberry.input(cls, one_of=True, description=text_of(cls))


def kinds(cls: _E) -> _E:
    """Make an enum; the docstring describes it, `kind` each value."""
    return strawberry.enum(cls, description=text_of(cls))


def kind(value: str, description: str) -> Any:
    """Describe one value of an enum."""
    return strawberry.enum_value(value, description=description)


__all__ = [
    "BULK",
    "argument",
    "asks",
    "bulk_field",
    "bulk_mutation",
    "choice",
    "field",
    "given",
    "interface",
    "kind",
    "kinds",
    "may",
    "mutation",
    "noun",
    "order",
    "says",
    "subscription",
    "text_of",
]
