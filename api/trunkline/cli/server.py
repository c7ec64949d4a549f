"""Serve the API; work on runs."""

from typing import Annotated

import typer


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; TRUNKLINE_HOST otherwise")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; TRUNKLINE_PORT otherwise")] = None,
) -> None:
    """Serve the REST API, with a worker in the same process unless TRUNKLINE_WORKER_IN_API=false."""
    import uvicorn

    from trunkline.settings import get_settings
    from trunkline.telemetry import logs

    settings = get_settings()
    logs.configure(settings)
    uvicorn.run(
        "trunkline.main:app",
        host=host or settings.host,
        port=port or settings.port,
        # Followers of a run keep their connection open: a stop must not wait for them.
        timeout_graceful_shutdown=2,
        log_config=None,
    )


def worker(
    check: Annotated[bool, typer.Option("--check", help="Only say by the exit code whether one works here")] = False,
) -> None:
    """Work on runs until told to stop (SIGTERM or SIGINT)."""
    import asyncio
    import contextlib
    import signal

    from trunkline.runs.beat import beats
    from trunkline.settings import get_settings

    settings = get_settings()
    if check:
        raise typer.Exit(0 if beats(settings) else 1)
    from trunkline.runs.worker import work
    from trunkline.telemetry import logs

    logs.configure(settings)

    async def until_stopped() -> None:
        task = asyncio.create_task(work(settings))
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(until_stopped())
