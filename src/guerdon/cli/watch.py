"""How commands that stay are watched: metrics, traces, and the port that shows them."""

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from guerdon.cli.stops import stop

if TYPE_CHECKING:
    from guerdon.observing.post import Pulse
    from guerdon.settings import Settings
    from guerdon.wiring import Watched


class Eyes(NamedTuple):
    """What a command hands to its parts."""

    watched: "Watched"
    pulse: "Pulse"


@contextlib.contextmanager
def watched(
    settings: "Settings", role: str, is_ready: Callable[[], bool] = lambda: True
) -> Iterator[Eyes]:
    """Open the port, where there is to be one, until the end of the block."""
    from guerdon.engine.meters import Unmetered
    from guerdon.observing.metrics import Metrics
    from guerdon.observing.post import Post, Pulse
    from guerdon.observing.traces import NoTracing, tracer_to
    from guerdon.wiring import Watched

    pulse = Pulse()
    try:
        tracer = tracer_to(settings.otel_endpoint, share=settings.otel_share, role=role)
    except NoTracing as error:
        stop(str(error), code=2)
    if settings.metrics_port is None:
        yield Eyes(Watched(Unmetered(), tracer), pulse)
        return
    metrics = Metrics()
    post = Post(metrics.registry, pulse, is_ready)
    try:
        post.open(settings.metrics_host, settings.metrics_port)
    except OSError as error:
        stop(
            f"The port for metrics cannot be opened: {error}. Name another with "
            "GUERDON_METRICS_HOST and GUERDON_METRICS_PORT, or leave the latter unset.",
        )
    try:
        yield Eyes(Watched(metrics, tracer), pulse)
    finally:
        post.close()
