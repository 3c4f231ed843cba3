"""What follows from anything that happened: ladders twice, then missions, then badges."""

from oracle import climbing
from oracle.granting import Cause, badges, missions
from oracle.world import Person, World


def follow(world: World, person: Person, cause: Cause, *, refunded: bool = False) -> None:
    """Read everything that rests on counters, until no badge and no granted tier is new."""
    climbing.climb_all(world, person, cause, refunded=refunded)
    before = _granted(person), set(person.badges)
    missions(world, person, cause)
    badges(world, person, cause)
    while (found := (_granted(person), set(person.badges))) != before:
        before = found
        for ladder in world.program.ladders.values():
            climbing.show(world, person, ladder, person.climbs[ladder.id], cause)
        badges(world, person, cause)


def _granted(person: Person) -> list[tuple[int, int | None] | None]:
    return [climb.granted for climb in person.climbs.values()]
