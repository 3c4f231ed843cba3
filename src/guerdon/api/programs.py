"""The program: what a member, a shop's page or a partner may read of the rulebook.

The rule: only the public side of a program is shown: names, goals, tiers, prices. Rates, limits and
conditions are the owner's.
"""

import strawberry

from guerdon.api.badges import Badge, badge_noun
from guerdon.api.catalogue import Catalogue
from guerdon.api.context import Info
from guerdon.api.describe import field, noun, says
from guerdon.api.ids import global_id
from guerdon.api.ladders import Ladder, ladder_noun
from guerdon.api.leaderboards import Leaderboard, leaderboard_noun
from guerdon.api.missions import Mission, mission_noun
from guerdon.api.nodes import Node
from guerdon.api.partners import Partner, partner_noun
from guerdon.api.wallets import WalletKind, wallet_kind
from guerdon.engine import publish, read

_HOUR = 60


@noun
class Program(Node):
    """The program of this credential: a rulebook, in its current version."""

    slug: str = says("The program's short name.")
    name: str = says("What members read.")
    version: int = says("The number of the version in force.")
    timezone: str = says("The zone, by its IANA name, in which days and months begin.")
    day_start: str = says('When its business day begins, local time, such as "06:00".')
    wallets: list[WalletKind] = says("The kinds of units that it gives.")
    ladders: list[Ladder] = says("Its ladders of tiers.")
    missions: list[Mission] = says("Its missions.")
    badges: list[Badge] = says("Its badges.")
    leaderboards: list[Leaderboard] = says("Its leaderboards.")
    partners: list[Partner] = says("The other brands that take part.")

    @field
    async def document(self, info: Info) -> str:
        """The document of the version in force, as it was published."""
        return (await publish.export(info.context.world, info.context.program)).text

    @field
    async def waiting(self, info: Info) -> int:
        """How many accepted activities are not yet decided."""
        return await read.waiting(info.context.world, info.context.program)


@noun
class ProgramQueries:
    """Root fields about the program."""

    @field
    async def program(self, info: Info) -> Program:
        """The program that the credential belongs to."""
        return program_noun(await info.context.catalogue())


def program_noun(catalogue: Catalogue) -> Program:
    """Return the program as the API shows it."""
    program = catalogue.program
    hours, minutes = divmod(program.day_start_minutes, _HOUR)
    boards = [leaderboard_noun(catalogue, slug) for slug in program.leaderboards]
    return Program(
        id=strawberry.ID(global_id("Program", program.id, program.id)),
        slug=program.id,
        name=program.name,
        version=program.version,
        timezone=program.timezone,
        day_start=f"{hours:02d}:{minutes:02d}",
        wallets=[wallet_kind(wallet) for wallet in program.wallets.values()],
        ladders=[ladder_noun(catalogue, ladder) for ladder in program.ladders.values()],
        missions=[mission_noun(catalogue, slug) for slug in program.missions],
        badges=[badge_noun(catalogue, slug) for slug in program.badges],
        leaderboards=[board for board in boards if board],
        partners=[partner_noun(catalogue, slug) for slug in program.partners],
    )
