"""OpenTelemetry: spans of one process, sent where `GUERDON_OTEL_ENDPOINT` says.

Needs the extra `otel`. Rule: contexts come in and go on as W3C's `traceparent`; who began a trace
decides whether it is kept, and of those that begin here a set share is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from guerdon.engine.tracing import Tracer, Untraced


class NoTracing(Exception):
    """Traces were asked for and cannot be made; the message names the remedy."""


class OpenTelemetry:
    """See `engine.tracing.Tracer`; `provider` is an SDK's TracerProvider."""

    is_on = True

    def __init__(self, provider: Any) -> None:
        from opentelemetry import trace
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._api: Any = trace
        self._tracer: Any = provider.get_tracer("guerdon")
        self._propagator: Any = TraceContextTextMapPropagator()

    @contextmanager
    def span(self, name: str, *, of: str | None = None, **attributes: str) -> Iterator[None]:
        """Open a span within the present one, or within the context `of`."""
        with self._tracer.start_as_current_span(
            name, context=self._context(of), attributes=attributes
        ):
            yield

    def note(
        self, name: str, *, of: str, begun_ms: float, ended_ms: float, **attributes: str
    ) -> None:
        """Note a span that has ended."""
        span: Any = self._tracer.start_span(
            name,
            context=self._context(of),
            start_time=int(begun_ms * 1_000_000),
            attributes=attributes,
        )
        span.end(end_time=int(ended_ms * 1_000_000))

    def carried(self) -> str | None:
        """Return the present context, where it is kept."""
        if not self._api.get_current_span().get_span_context().trace_flags.sampled:
            return None
        carrier: dict[str, str] = {}
        self._propagator.inject(carrier)
        return carrier.get("traceparent")

    def _context(self, of: str | None) -> Any:
        return None if of is None else self._propagator.extract({"traceparent": of})


def tracer_to(endpoint: str | None, *, share: float, role: str) -> Tracer:
    """Return what traces to an OTLP endpoint over HTTP; without one, what does nothing.

    Raises:
        NoTracing: The extra is not installed.
    """
    if endpoint is None:
        return Untraced()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
    except ImportError as error:
        raise NoTracing(
            "GUERDON_OTEL_ENDPOINT is set, but OpenTelemetry is not installed: install it with "
            "pip install 'guerdon[otel]', or unset GUERDON_OTEL_ENDPOINT."
        ) from error
    provider: Any = TracerProvider(
        resource=Resource.create({"service.name": f"guerdon-{role}"}),
        sampler=ParentBased(TraceIdRatioBased(share)),
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    return OpenTelemetry(provider)
