"""OpenTelemetry traces, if wanted: nothing of it is loaded otherwise.

All stages of a run are spans of one trace, whose id is the run's: so they come together although different processes
work on them, and a run's trace is found by its id.
"""

import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

from trunkline import __version__
from trunkline.settings import Settings, SettingsError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

_provider: "TracerProvider | None" = None


def configure(settings: Settings, processor: "SpanProcessor | None" = None) -> None:
    """Send traces from now on, if the settings say so. Raises SettingsError while the extra is not installed."""
    global _provider  # noqa: PLW0603 (one a process, as OpenTelemetry's own is)
    if not settings.traces or _provider is not None:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError:
        raise SettingsError("TRUNKLINE_TRACES is true: install `trunkline[otel]` as well") from None
    provider = TracerProvider(resource=Resource.create({"service.name": "trunkline", "service.version": __version__}))
    provider.add_span_processor(processor or BatchSpanProcessor(OTLPSpanExporter()))
    _provider = provider


def shut_down() -> None:
    """Send what has not been sent yet."""
    global _provider  # noqa: PLW0603
    if _provider is not None:
        _provider.shutdown()
        _provider = None


def span(name: str, run_id: uuid.UUID, **attributes: str | int) -> AbstractContextManager[None]:
    """A span of the run's trace around the block; an exception marks it as failed."""
    return nullcontext() if _provider is None else _span(_provider, name, run_id, attributes)


@contextmanager
def _span(provider: "TracerProvider", name: str, run_id: uuid.UUID, attributes: dict[str, str | int]) -> Iterator[None]:
    from opentelemetry.trace import (  # noqa: PLC0415
        NonRecordingSpan,
        SpanContext,
        TraceFlags,
        set_span_in_context,
    )

    # Nobody sends this parent: it only carries the trace's id.
    parent = SpanContext(
        trace_id=run_id.int, span_id=run_id.int & 0xFFFFFFFFFFFFFFFF, is_remote=True, trace_flags=TraceFlags(1)
    )
    context = set_span_in_context(NonRecordingSpan(parent))
    named = {f"trunkline.{key}": value for key, value in attributes.items()}
    with provider.get_tracer("trunkline").start_as_current_span(name, context=context, attributes=named):
        yield
