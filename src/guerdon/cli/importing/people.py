"""Bringing members in: names, pictures, attributes and identities, as `export members` wrote them.

The rule: a member who is there already gets what the file says of the profile; what they hold comes
with their activities. A line that is wrong takes nothing from the others, and a second run changes
nothing.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from guerdon.cli.importing.lines import Written, refuse_constant
from guerdon.cli.importing.mistakes import Mistakes
from guerdon.cli.importing.refused import LineRefused
from guerdon.cli.importing.remote import Remote

_TEXTS = ("displayName", "avatarUrl")
_GONE = frozenset({"ERASED", "MERGED"})


async def bring_in(
    path: Path,
    remote: Remote,
    mistakes: Mistakes,
    *,
    streams: int,
    step: Callable[[int], None] = lambda _: None,
) -> int:
    """Enroll or update everybody in a file, several at a time; return how many are in."""
    lines = iter(enumerate(_lines(path), 1))
    count = 0

    async def stream() -> None:
        nonlocal count
        for number, line in lines:
            try:
                person = _person(line)
                if person is not None:
                    await _one(remote, person)
                    count += 1
            except LineRefused as wrong:
                mistakes.add(number, wrong.column, wrong.reason)
            step(number)

    await asyncio.gather(*(stream() for _ in range(streams)))
    return count


async def _one(remote: Remote, person: dict[str, Any]) -> None:
    member = await remote.enroll(person | {"activityId": _id("enrollment", person)})
    if member is not None and _is_said(member, person):
        return
    known = {name: person[name] for name in (*_TEXTS, "attributes") if name in person}
    change = {"member": {"externalId": person["externalId"]}, **known}
    member = await remote.update(change | {"activityId": _id("update", person)})
    if not _is_said(member, person):  # an earlier file said so, and a later one otherwise
        await remote.update(change | {"activityId": f"import-update-{uuid4().hex}"})


def _is_said(member: dict[str, Any], person: dict[str, Any]) -> bool:
    """Tell whether a member is shown as a file says; pictures cannot be seen."""
    name, has = person.get("displayName"), member.get("attributes") or {}
    return (name is None or name == member.get("displayName")) and all(
        _plain(value) == _plain(has.get(each)) for each, value in person["attributes"].items()
    )


def _plain(value: Any) -> object:
    """Return a value of an attribute so that equal ones are equal, however they are written."""
    text = value.text if isinstance(value, Written) else "" if value is None else str(value)
    try:
        number = Decimal(text)
    except ArithmeticError:
        return text.lower() if isinstance(value, bool) else text
    return number if number.is_finite() else text


def _id(kind: str, person: dict[str, Any]) -> str:
    """Return an id that is the same in another run, and no activity's that was brought in before.

    The service would make one of the content, as it did where the export comes from: under that
    one the activities have brought an enrollment without name and picture.
    """
    content = json.dumps(person, sort_keys=True, default=lambda number: number.text).encode()
    return f"import-{kind}-{hashlib.sha256(content).hexdigest()[:32]}"


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from file


def _person(line: bytes) -> dict[str, Any] | None:
    """Return what a line says of somebody; None where it is empty, or of who was merged or erased.

    Raises:
        LineRefused: It is no object, or a part of it is not what it should be.
    """
    if not line.strip():
        return None
    try:
        found = json.loads(line, parse_float=Written, parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        raise LineRefused("", "is no JSON.") from None
    if not isinstance(found, dict) or not isinstance(found.get("externalId"), str):
        raise LineRefused("externalId", "is missing, or is no text.")
    if found.get("status") in _GONE:
        return None
    person: dict[str, Any] = {"externalId": found["externalId"]}
    for name in _TEXTS:
        if found.get(name) is not None:
            person[name] = _checked(found[name], str, name, "is no text.")
    attributes = _checked(found.get("attributes") or {}, dict, "attributes", "is no object.")
    identities = _checked(found.get("identities") or [], list, "identities", "is no list.")
    return person | {"attributes": attributes, "identities": identities}


def _checked(value: Any, kind: type, name: str, otherwise: str) -> Any:
    if not isinstance(value, kind):
        raise LineRefused(name, otherwise)
    return value
