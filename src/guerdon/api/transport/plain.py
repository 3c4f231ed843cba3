"""Reading what needs no resolver: attributes, objects made of them, and lists of such.

The rule: a reader gives what the library would give, or raises `NotPlain` and says nothing of why;
the library then looks at the value itself and forms the error, the null or the awaited result.
Readers are put together once for a selection and used for every item of a list.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from operator import attrgetter
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLID,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLString,
    is_leaf_type,
)

from guerdon.api.transport.personal import AboutViewer

Reader = Callable[[Any], Any]
"""Returns the value of a result in the answer, or raises."""

_PLAIN = frozenset({str, int, float, bool, Decimal, datetime})
_INT_MAX = 2**31


class NotPlain(Exception):
    """The library must look at this value."""


class Attribute:
    """The resolver of a field that has none: reads the attribute of its name."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, source: object, _info: object) -> object:
        """Return the attribute."""
        return getattr(source, self.name)


def reader_of(type_: Any, of_object: Callable[[Any], Reader | None]) -> Reader | None:
    """Return what reads values of a type; None where the library must read them.

    `of_object` does the same for types with fields, because what is asked of them lies with the
    document.
    """
    if isinstance(type_, GraphQLNonNull):
        return _nullable(type_.of_type, of_object)
    inner = _nullable(type_, of_object)
    if inner is None:
        return None

    def read(value: Any) -> Any:
        return None if value is None else inner(value)

    return read


def _nullable(type_: Any, of_object: Callable[[Any], Reader | None]) -> Reader | None:
    """Return what reads values that are not null."""
    if isinstance(type_, GraphQLList):
        item = reader_of(type_.of_type, of_object)
        return None if item is None else _list_of(item)
    if is_leaf_type(type_):
        return _QUICK.get(type_.name) or _leaf(type_.coerce_output_value)
    return of_object(type_)


def _list_of(item: Reader) -> Reader:
    def read(value: Any) -> Any:
        if value.__class__ is not list and value.__class__ is not tuple:
            raise NotPlain
        return [item(each) for each in value]

    return read


def _leaf(serialize: Reader) -> Reader:
    def read(value: Any) -> Any:
        if value.__class__ in _PLAIN or isinstance(value, Enum):
            return serialize(value)
        raise NotPlain

    return read


def _text(value: Any) -> Any:
    if value.__class__ is str:
        return value
    raise NotPlain


def _integer(value: Any) -> Any:
    if value.__class__ is int and -_INT_MAX <= value < _INT_MAX:
        return value
    raise NotPlain


def _flag(value: Any) -> Any:
    if value is True or value is False or value.__class__ is AboutViewer:
        return value  # the latter is a Boolean for each who will read it
    raise NotPlain


_QUICK: dict[str, Reader] = {
    GraphQLBoolean.name: _flag,
    GraphQLID.name: _text,
    GraphQLInt.name: _integer,
    GraphQLString.name: _text,
}


def field_reader(name: str, type_: Any, of_object: Callable[[Any], Reader | None]) -> Reader | None:
    """Return what reads an attribute of an object; None where the library must."""
    complete = reader_of(type_, of_object)
    if complete is None:
        return None
    get = attrgetter(name)
    if complete is _text:  # by far the most; one call less for each

        def read_text(source: Any) -> Any:
            value = get(source)
            if value.__class__ is str:
                return value
            raise NotPlain

        return read_text

    def read(source: Any) -> Any:
        return complete(get(source))

    return read


def object_reader(origin: type, fields: Sequence[tuple[str, Reader]]) -> Reader:
    """Return what reads objects of exactly one class, whose fields are all plain."""

    def read(source: Any) -> Any:
        if source.__class__ is not origin:
            raise NotPlain
        return {key: reader(source) for key, reader in fields}

    return read
