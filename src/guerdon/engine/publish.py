"""Publishing: a program's document becomes its newest version, from an instant on.

Rule: a version never changes once it is published, and never begins in the past; the very first
one holds for whatever happened before it. A document that is the newest version's already is not
published again; one that gives an id another meaning is refused (`plan`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from guerdon.core.activity import Instant
from guerdon.core.program import Program
from guerdon.engine.outcomes import DocumentProblem, Problem, VersionText
from guerdon.engine.plan import changes
from guerdon.engine.refusals import InvalidInput, NotFound, Refused
from guerdon.engine.world import Topic, World
from guerdon.program.load import load
from guerdon.program.mistakes import Mistake, Severity
from guerdon.program.places import place_of
from guerdon.program.plan import Change

PROGRAM = Topic("program", "")
"""Told when a version was published."""

_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The version that the document is now; `is_new` tells whether this call published it."""

    program: str
    version: int
    begin: Instant
    is_new: bool
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What publishing a document would do: its number, its begin, and all that would change."""

    program: str
    version: int
    begin: Instant
    changes: tuple[Change, ...]


async def publish(
    world: World, text: str, *, program: str | None = None, begin: Instant | None = None
) -> Published:
    """Publish a document under its own id, which must be `program` where that is given.

    Raises:
        InvalidInput: With every mistake in the document.
        Refused: It is another program's document, begins in the past, or somebody published in
            between, again and again.
    """
    compiled = _judged(world, text, program=program, begin=begin)
    now = world.clock()
    for _ in range(_ATTEMPTS):
        versions = await world.programs.versions(compiled.id)
        newest = versions[-1] if versions else None
        if newest is not None and newest.text == text and begin is None:
            return Published(
                program=compiled.id, version=newest.version, begin=newest.begin, is_new=False
            )
        planned = await _planned(world, compiled, versions, begin or now)
        if wrong := refusals(text, planned.changes):
            raise InvalidInput(tuple(wrong))
        number = planned.version
        # Planning takes its time, and what members did meanwhile was decided by the version before.
        now = world.clock()
        _not_past(begin, now)
        begins = Instant(0) if newest is None and begin is None else begin or now
        version = VersionText(version=number, begin=begins, text=text, published_at=now)
        if await world.programs.publish(
            compiled.id, version, expected=number - 1, lanes=world.limits.lanes
        ):
            await world.rulebooks.fresh(compiled.id)
            await world.revisions.tell(compiled.id, PROGRAM)
            return Published(
                program=compiled.id,
                version=number,
                begin=begins,
                is_new=True,
                changes=planned.changes,
            )
    raise Refused("busy", "Others are publishing this program at the same time; try again.")


async def plan(
    world: World, text: str, *, program: str | None = None, begin: Instant | None = None
) -> Planned:
    """Return what publishing a document would change, refusals among it; nothing is written.

    Raises:
        InvalidInput: With every mistake in the document.
        Refused: It is another program's document, or begins in the past.
    """
    compiled = _judged(world, text, program=program, begin=begin)
    versions = await world.programs.versions(compiled.id)
    return await _planned(world, compiled, versions, begin or world.clock())


def _judged(world: World, text: str, *, program: str | None, begin: Instant | None) -> Program:
    compiled = _compiled(text)
    if program is not None and compiled.id != program:
        raise Refused(
            "other_program",
            f"This document is of program `{compiled.id}`; this credential publishes `{program}`.",
            ("document",),
        )
    _not_past(begin, world.clock())
    return compiled


def _not_past(begin: Instant | None, now: Instant) -> None:
    if begin is not None and begin < now:
        message = "A version cannot begin in the past; leave `from` out for now."
        raise Refused("in_the_past", message, ("from",))


async def _planned(
    world: World, compiled: Program, versions: Sequence[VersionText], begin: Instant
) -> Planned:
    history = [compile_version(compiled.id, each) for each in versions]
    number = versions[-1].version + 1 if versions else 1
    after = replace(compiled, version=number, begin=begin)
    found = await changes(world, history, after)
    return Planned(program=compiled.id, version=number, begin=begin, changes=tuple(found))


async def export(world: World, program: str, *, at: Instant | None = None) -> VersionText:
    """Return the version in force at an instant (absent: now) with its document as published.

    Raises:
        NotFound: Nothing was published under that id.
    """
    versions = await world.programs.versions(program)
    if not versions:
        raise NotFound("program")
    ordered = sorted(versions, key=lambda each: (each.begin, each.version))
    begun = [each for each in ordered if each.begin <= (world.clock() if at is None else at)]
    return begun[-1] if begun else ordered[0]


def compile_version(program: str, version: VersionText) -> Program:
    """Return a published version as the core reads it.

    Raises:
        InvalidInput: It cannot be read any more, which only a change of our own can bring about.
    """
    del program
    return replace(_compiled(version.text), version=version.version, begin=version.begin)


def _compiled(text: str) -> Program:
    loaded = load(text)
    if loaded.program is None:
        raise InvalidInput(
            tuple(_problem(each) for each in loaded.mistakes if each.severity is Severity.ERROR)
        )
    if not _SLUG.fullmatch(loaded.program.id):
        message = "A program's `id` has letters, digits, `-`, `_` and `.`, at most 63."
        raise InvalidInput(
            (Problem(code="INVALID_INPUT", message=message, path=("program", "id")),)
        )
    return loaded.program


def refusals(text: str, found: Sequence[Change]) -> list[DocumentProblem]:
    """Return the changes that keep a document from being published, with their places in it."""
    problems = []
    for change in found:
        if change.is_refused:
            place = place_of(text, change.path)
            problems.append(
                DocumentProblem(
                    code="REFUSED_CHANGE",
                    message=change.sentence,
                    path=tuple(change.path.split(".")),
                    line=place.line,
                    column=place.column,
                )
            )
    return problems


def _problem(mistake: Mistake) -> DocumentProblem:
    place = f"line {mistake.line}, column {mistake.column}"
    return DocumentProblem(
        code="INVALID_DOCUMENT",
        message=f"{place}: {mistake.message} {mistake.remedy}".strip(),
        path=tuple(mistake.path.split(".")),
        line=mistake.line,
        column=mistake.column,
    )
