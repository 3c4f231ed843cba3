"""What a committed batch tells those who watch: figures always, spans of those that are traced."""

from guerdon.core.activity import Instant
from guerdon.engine.records import Batch
from guerdon.engine.tracing import TRACE
from guerdon.engine.world import World


def watched(world: World, batch: Batch, begun_ms: Instant, *, decide: float, commit: float) -> None:
    """Tell of a batch that was just committed; how long is in seconds."""
    program = batch.hold.program
    results = [entry.decision["result"] for entry in batch.entries]
    world.meters.decided(program, results, decide_seconds=decide, commit_seconds=commit)
    if batch.failed:
        world.meters.set_aside(program, len(batch.failed))
    trace(world, batch, "score", begun_ms)


def trace(world: World, batch: Batch, name: str, begun_ms: Instant) -> None:
    """Note that each traced activity of a batch went through something that has just ended."""
    if not world.tracer.is_on:
        return
    now = world.clock()
    for entry in batch.entries:
        of = entry.activity.get(TRACE)
        if of is not None:
            world.tracer.note(
                name,
                of=of,
                begun_ms=begun_ms,
                ended_ms=now,
                program=batch.hold.program,
                activity=entry.key,
            )
