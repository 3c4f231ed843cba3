"""Programs, compiled and kept in memory: one compilation a process and version.

Rule: deciding asks for the newest revision once a batch, reading looks at most once a second, so
that a published version is in force everywhere from its instant on without anybody being told.
"""

from collections.abc import Callable
from time import monotonic

from guerdon.core.program import Program
from guerdon.core.rulebook import Rulebook
from guerdon.engine.lanes import Layout
from guerdon.engine.outcomes import VersionText
from guerdon.engine.ports import Programs
from guerdon.engine.refusals import NotFound

Compile = Callable[[str, VersionText], Program]

_KEPT_SECONDS = 1.0


class CompiledRulebooks:
    """See `engine.world.Rulebooks`."""

    def __init__(self, programs: Programs, compile_version: Compile) -> None:
        self._programs = programs
        self._compile = compile_version
        self._kept: dict[str, tuple[int, Rulebook]] = {}
        self._looked: dict[str, float] = {}
        self._layouts: dict[str, Layout] = {}
        self._versions: dict[tuple[str, int], Program] = {}

    async def get(self, program: str) -> Rulebook:
        """Return the program as it was at most a second ago.

        Raises:
            NotFound: Nothing was published under that id.
        """
        kept = self._kept.get(program)
        if kept is not None and monotonic() - self._looked[program] < _KEPT_SECONDS:
            return kept[1]
        return await self.fresh(program)

    async def fresh(self, program: str) -> Rulebook:
        """Return the program as it is now; deciding asks so, once a batch."""
        head = await self._programs.head(program)
        if head is None:
            raise NotFound("program")
        revision, layout = head
        self._layouts[program] = layout
        kept = self._kept.get(program)
        if kept is None or kept[0] != revision:
            kept = revision, await self._load(program)
            self._kept[program] = kept
        self._looked[program] = monotonic()
        return kept[1]

    async def _load(self, program: str) -> Rulebook:
        versions = []
        for text in await self._programs.versions(program):
            known = self._versions.get((program, text.version))
            if known is None:
                known = self._compile(program, text)
                self._versions[(program, text.version)] = known
            versions.append(known)
        return Rulebook(versions)

    async def layout(self, program: str) -> Layout:
        """Return the program's division into lanes, as old as the last look at the program."""
        await self.get(program)
        return self._layouts[program]
