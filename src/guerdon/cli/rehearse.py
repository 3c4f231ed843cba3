"""`guerdon rehearse`: plays scenario files and compares what they expect with what is found.

Through the pure core, in memory; or, with `--through stack`, the same through everything that a
service is made of, in a database that is made for each file and thrown away afterwards.
"""

import asyncio
import contextlib
import json
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from xml.etree import ElementTree as ET

import typer

from guerdon.cli.stops import Unreadable, settings_or_stop, stop, text_of

if TYPE_CHECKING:
    from guerdon.program.rehearse import Mismatch, Report
    from guerdon.program.scenario import Scenario
    from guerdon.settings import Settings

_NOT_IN_XML = re.compile("[^\t\n\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")

LANES = 3
"""Few, so that little is drained; more than one, so that members meet across lanes."""

Files = Annotated[list[Path], typer.Argument(help="Scenario files.", show_default=False)]
Junit = Annotated[
    Path | None, typer.Option("--junit", help="Also write a JUnit report to this file.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of lines.")]


class Through(StrEnum):
    """What scenarios are played through."""

    CORE = "core"
    STACK = "stack"


Way = Annotated[Through, typer.Option("--through", help="The rules alone, or the whole service.")]
MongoUrl = Annotated[
    str | None,
    typer.Option("--mongo", help="Play through the stack on this MongoDB; else one is started."),
]
RedisUrl = Annotated[
    str | None,
    typer.Option("--redis", help="Play through the stack on this Redis; else one is started."),
]


class Unplayable(Exception):
    """A scenario cannot be played to its end; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Played:
    """The outcome of one file; one with mistakes was not played, or not to its end."""

    name: str
    checks: int
    mistakes: "tuple[str, ...]" = ()
    mismatches: "tuple[Mismatch, ...]" = ()

    @property
    def is_ok(self) -> bool:
        """Tell whether everything held."""
        return not self.mistakes and not self.mismatches

    def lines(self) -> list[str]:
        """Return what is printed: one line, and what is wrong beneath it."""
        from guerdon.program.rehearse import told

        if self.is_ok:
            return [f"ok {self.name}, {self.checks} checks"]
        below = [*self.mistakes, *(line for one in self.mismatches for line in told(one))]
        return [f"FAIL {self.name}", *(f"  {line}" for line in below)]


def rehearse(
    files: Files,
    *,
    through: Way = Through.CORE,
    mongo: MongoUrl = None,
    redis: RedisUrl = None,
    junit: Junit = None,
    as_json: Json = False,
) -> None:
    """Play scenarios under their own clock; end with 1 where something is not as expected.

    Each file is told of, whatever became of those before; ends with 2 where one cannot be read.
    """
    if (mongo is None) != (redis is None):
        stop("Name both --mongo and --redis, or neither: they are started then.", code=2)
    if mongo is not None and through is Through.CORE:
        stop("The core needs no servers; add --through stack, or leave them out.", code=2)
    played, is_unreadable = [], False
    with _stage(through, mongo, redis) as play:
        for path in files:
            try:
                one = _played(path, play)
            except Unreadable as error:
                one, is_unreadable = Played(str(path), 0, (str(error),)), True
            played.append(one)
            if not as_json:
                typer.echo("\n".join(one.lines()))
    if as_json:
        plain = [{"ok": one.is_ok, **asdict(one)} for one in played]
        typer.echo(json.dumps(plain, indent=2, ensure_ascii=False))
    if junit is not None:
        _write_junit(junit, played)
    if is_unreadable or not all(one.is_ok for one in played):
        raise typer.Exit(2 if is_unreadable else 1)


Play = Callable[["Scenario"], "Report"]


def _played(path: Path, play: Play) -> Played:
    from guerdon.program.scenario import load_scenario

    scenario = load_scenario(
        text_of(path), path.name, read=lambda other: _read(path.parent / other)
    )
    if scenario.program is None:
        mistakes = tuple(
            f"{path}:{one.line}:{one.column} {one.path}: {one.sentence()}"
            for one in scenario.mistakes
        )
        return Played(str(path), 0, mistakes)
    try:
        report = play(scenario)
    except Unplayable as error:
        return Played(str(path), 0, (str(error),))
    return Played(str(path), report.checks, (), report.mismatches)


@contextlib.contextmanager
def _stage(through: Through, mongo: str | None, redis: str | None) -> Iterator[Play]:
    """Give what plays a scenario; servers that nobody named live as long as this."""
    if through is Through.CORE:
        from guerdon.program.rehearse import rehearse as play

        yield play
        return
    if mongo is not None and redis is not None:
        yield _through_stack(mongo, redis)
        return
    from guerdon.embedded.mongod import NoMongod
    from guerdon.embedded.process import NotReady
    from guerdon.embedded.servers import servers
    from guerdon.embedded.valkey import NoValkey

    with contextlib.ExitStack() as ending:
        try:
            addresses = ending.enter_context(servers())
        except (NoMongod, NoValkey, NotReady) as error:
            stop(str(error))
        yield _through_stack(*addresses)


def _through_stack(mongo_url: str, redis_url: str) -> Play:
    def play(scenario: "Scenario") -> "Report":
        name = f"guerdon_rehearsal_{secrets.token_hex(6)}"
        settings = settings_or_stop(
            environment="test",
            mongo_url=mongo_url,
            mongo_database=name,
            redis_url=redis_url,
            redis_namespace=name.replace("_", "-"),
            lanes=LANES,
            crash_at=None,
        )
        return asyncio.run(_play(settings, scenario))

    return play


async def _play(settings: "Settings", scenario: "Scenario") -> "Report":
    from guerdon.engine.refusals import InvalidInput, LiveDown, Refused
    from guerdon.engine.rehearsal import Stuck
    from guerdon.engine.rehearsal import rehearse as play
    from guerdon.engine.world import StoreDown
    from guerdon.wiring import build, discard, prepare

    try:
        await prepare(settings)
        world = build(settings, at_work=True)
        try:
            return await play(world, scenario)
        finally:
            await world.close()
            await discard(settings)
    except (InvalidInput, Refused, Stuck) as error:
        raise Unplayable(str(error)) from None
    except (LiveDown, StoreDown):
        stop("MongoDB or Redis does not answer; are --mongo and --redis right?")


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _write_junit(target: Path, played: list[Played]) -> None:
    """Write one test case a file, as continuous integration shows them.

    Signs that XML does not have, which names of files and members may hold, become U+FFFD.
    """
    failed = sum(not one.is_ok for one in played)
    suite = ET.Element(
        "testsuite", name="guerdon rehearse", tests=str(len(played)), failures=str(failed)
    )
    for one in played:
        case = ET.SubElement(suite, "testcase", classname="rehearse", name=_as_xml(one.name))
        if not one.is_ok:
            failure = ET.SubElement(case, "failure", message="not as expected")
            failure.text = _as_xml("\n".join(one.lines()[1:]))
    try:
        ET.ElementTree(suite).write(target, encoding="utf-8", xml_declaration=True)
    except OSError as error:
        stop(f"{target} cannot be written: {error.strerror or error}.", code=2)


def _as_xml(text: str) -> str:
    return _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", text)
