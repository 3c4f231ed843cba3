"""Planning and publishing a program: what would change, said before it does.

The rule: both call the same code (`engine.publish`), so that publishing does what the plan said. A
document with mistakes, and one that would give an id another meaning, are problems with the line
and column at which they stand.
"""

from datetime import datetime
from typing import Annotated

from strawberry.scalars import JSON

from guerdon.api.context import Context, Info
from guerdon.api.describe import argument, asks, field, given, may, mutation, noun, order, says
from guerdon.api.instants import to_instant
from guerdon.api.problems import Problem, refusal_nouns
from guerdon.api.programs import Program, program_noun
from guerdon.core.errors import GuerdonError
from guerdon.engine import publish
from guerdon.engine.outcomes import DocumentProblem as Found
from guerdon.engine.refusals import InvalidInput
from guerdon.program.plan import Change


@noun
class ProgramChange:
    """One difference between the version that it follows and the document."""

    path: str = says("Where it stands, such as program.rules.base.give.rate.")
    before: JSON | None = says("What stands there, in the document's units; null for nothing.")
    after: JSON | None = says("What would stand there; null for nothing.")
    sentence: str = says("What it means, and how many members it concerns.")
    worse_off: bool = says("Whether it makes anybody worse off, as far as it can be told.")


@noun
class DocumentProblem(Problem):
    """A mistake in a program's document, or a change that is refused, with its place."""

    line: int = says("The line, counted from 1.")
    column: int = says("The column, counted from 1.")


@noun
class ProgramPlan:
    """What publishing a document now would change; nothing was changed."""

    changes: list[ProgramChange] = says("Every difference; empty where there is none.")
    problems: list[DocumentProblem] = says("What keeps it from being published; else empty.")


@order
class PublishProgramInput:
    """A document, and from when it is to hold."""

    document: str = asks("The program as YAML or JSON.")
    from_: datetime | None = may(
        "The first instant at which it holds, never in the past; absent: at once.", name="from"
    )


@noun
class PublishProgramPayload:
    """What publishing has changed."""

    program: Program | None = says("The program as it is now; null where it was refused.")
    changes: list[ProgramChange] = says("Every difference to the version that it follows.")
    problems: list[Problem] = says("Why it was refused; empty where it was done.")


Document = Annotated[str, argument("The program as YAML or JSON.")]


@noun
class PublishingQueries:
    """Root fields about what a document would change."""

    @field
    async def plan_program(self, info: Info, document: Document) -> ProgramPlan:
        """What publishing a document now would change, and whom it makes worse off."""
        context = info.context
        try:
            planned = await publish.plan(context.world, document, program=context.program)
        except GuerdonError as refusal:
            return ProgramPlan(changes=[], problems=_in_document(refusal))
        wrong = publish.refusals(document, planned.changes)
        return ProgramPlan(
            changes=[change_noun(change) for change in planned.changes],
            problems=[_problem_noun(each) for each in wrong],
        )


@noun
class PublishingMutations:
    """Root fields that publish a program."""

    @mutation
    async def publish_program(
        self, info: Info, input: Annotated[PublishProgramInput, argument("What, and from when.")]
    ) -> PublishProgramPayload:
        """Make a document the program's newest version; the same document again does nothing."""
        context = info.context
        begin = given(input.from_)
        try:
            done = await publish.publish(
                context.world,
                input.document,
                program=context.program,
                begin=to_instant(begin) if begin else None,
            )
        except GuerdonError as refusal:
            return PublishProgramPayload(program=None, changes=[], problems=_problems(refusal))
        return PublishProgramPayload(
            program=await _program(context),
            changes=[change_noun(change) for change in done.changes],
            problems=[],
        )


async def _program(context: Context) -> Program:
    return program_noun(await context.catalogue())


def change_noun(change: Change) -> ProgramChange:
    """Return a change as the API shows it."""
    return ProgramChange(
        path=change.path,
        before=change.before,
        after=change.after,
        sentence=change.sentence,
        worse_off=change.worse_off,
    )


def _problems(refusal: GuerdonError) -> list[Problem]:
    """Return a refusal as problems, those in the document with their places."""
    if not isinstance(refusal, InvalidInput):
        return refusal_nouns(refusal)
    found: list[Problem] = []
    for each in refusal.problems:
        if isinstance(each, Found):
            found.append(_problem_noun(each))
        else:
            found += refusal_nouns(InvalidInput((each,)))
    return found


def _in_document(refusal: GuerdonError) -> list[DocumentProblem]:
    """Return a refusal as problems of the document; what has no place stands at its beginning."""
    return [
        each
        if isinstance(each, DocumentProblem)
        else DocumentProblem(code=each.code, message=each.message, path=each.path, line=1, column=1)
        for each in _problems(refusal)
    ]


def _problem_noun(found: Found) -> DocumentProblem:
    return DocumentProblem(
        code=found.code,
        message=found.message,
        path=list(found.path),
        line=found.line,
        column=found.column,
    )
