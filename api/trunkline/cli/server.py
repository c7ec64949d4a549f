"""Serve the API; work on runs."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from trunkline.settings import Settings


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; TRUNKLINE_HOST otherwise")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; TRUNKLINE_PORT otherwise")] = None,
) -> None:
    """Serve the REST API, with a worker in the same process unless TRUNKLINE_WORKER_IN_API=false."""
    import gc

    # Hardly anything that is loaded becomes garbage: looking for it takes a tenth of the start, and later tenths of a
    # second from a request now and then (https://docs.python.org/3/library/gc.html#gc.freeze).
    gc.disable()

    import uvicorn

    from trunkline.main import app
    from trunkline.settings import get_settings
    from trunkline.telemetry import logs

    gc.freeze()
    gc.enable()
    settings = get_settings()
    logs.configure(settings)
    show_first_token(settings)
    uvicorn.run(
        app,
        host=host or settings.host,
        port=port or settings.port,
        # Followers of a run keep their connection open: a stop must not wait for them.
        timeout_graceful_shutdown=2,
        log_config=None,
    )


def show_first_token(settings: "Settings") -> None:
    """On the first start a token for the admin, on the terminal and nowhere else: a log would keep it."""
    import asyncio
    import sys

    from sqlalchemy.exc import ProgrammingError

    from trunkline.access.tokens import NewToken, create_first_token
    from trunkline.db.session import make_engine, make_sessions

    if not sys.stderr.isatty():
        return

    async def create() -> NewToken | None:
        engine = make_engine(settings.database_url)
        try:
            async with make_sessions(engine).begin() as session:
                return await create_first_token(session)
        except ProgrammingError:
            return None  # no tables yet: health/ready says so
        finally:
            await engine.dispose()

    new = asyncio.run(create())
    if new is not None:
        typer.echo(
            f"There was no token yet. This one is an admin's, and is shown this once:\n\n  {new.token}\n", err=True
        )


def worker(
    check: Annotated[bool, typer.Option("--check", help="Only say by the exit code whether one works here")] = False,
) -> None:
    """Work on runs until told to stop (SIGTERM or SIGINT)."""
    import asyncio
    import contextlib
    import signal

    from trunkline.runs.lease import held_here
    from trunkline.settings import get_settings

    settings = get_settings()
    if check:
        raise typer.Exit(0 if held_here(settings) else 1)
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
