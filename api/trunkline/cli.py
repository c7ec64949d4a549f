"""The command line. Imports happen inside the commands, so that each starts as fast as it can."""

from typing import Annotated

import typer

cli = typer.Typer(name="trunkline", no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False)
db = typer.Typer(no_args_is_help=True, help="The database's schema.")
tokens = typer.Typer(no_args_is_help=True, help="Tokens that open the API.")
cli.add_typer(db, name="db")
cli.add_typer(tokens, name="tokens")


@cli.callback()
def _main() -> None:
    """Order network services: documented in NetBox, configured with Ansible, proved on the routers."""


def app() -> None:
    """Entry point: errors that have a remedy end in one line and exit code 1."""
    from trunkline.settings import SettingsError

    try:
        cli()
    except SettingsError as error:
        typer.echo(f"trunkline: {error}", err=True)
        raise SystemExit(1) from None
    except Exception as error:
        from sqlalchemy.exc import OperationalError

        from trunkline.errors import Problem

        if isinstance(error, OperationalError):
            reason = str(error.orig).strip().splitlines()[0]
            typer.echo(f"trunkline: the database does not answer ({reason}); check TRUNKLINE_DATABASE_URL", err=True)
        elif isinstance(error, Problem):
            typer.echo(f"trunkline: {error.detail}", err=True)
        else:
            raise
        raise SystemExit(1) from None


def _log() -> None:
    import logging

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")


@cli.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; TRUNKLINE_HOST otherwise")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; TRUNKLINE_PORT otherwise")] = None,
) -> None:
    """Serve the REST API, with a worker in the same process unless TRUNKLINE_WORKER_IN_API=false."""
    import uvicorn

    from trunkline.settings import get_settings

    settings = get_settings()
    _log()
    uvicorn.run(
        "trunkline.main:app",
        host=host or settings.host,
        port=port or settings.port,
        # Followers of a run keep their connection open: a stop must not wait for them.
        timeout_graceful_shutdown=2,
    )


@cli.command()
def worker() -> None:
    """Work on runs until told to stop (SIGTERM or SIGINT)."""
    import asyncio
    import contextlib
    import signal

    from trunkline.runs.worker import work
    from trunkline.settings import get_settings

    settings = get_settings()
    _log()

    async def until_stopped() -> None:
        task = asyncio.create_task(work(settings))
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(until_stopped())


@db.command("upgrade")
def db_upgrade(revision: Annotated[str, typer.Argument(help="Revision to go to")] = "head") -> None:
    """Create or upgrade the schema; again changes nothing."""
    from trunkline.db.migrate import upgrade
    from trunkline.settings import get_settings

    upgrade(get_settings(), revision)


@db.command("downgrade")
def db_downgrade(
    revision: Annotated[str, typer.Argument(help="Revision to go back to; base removes everything")],
) -> None:
    """Take the schema back."""
    from trunkline.db.migrate import downgrade
    from trunkline.settings import get_settings

    downgrade(get_settings(), revision)


@tokens.command("create")
def tokens_create(
    name: Annotated[str, typer.Argument(help="Who will use it; runs carry this name")],
    replace: Annotated[bool, typer.Option("--replace", help="Revoke the tokens that had this name")] = False,
) -> None:
    """Make a token and print it, this once."""
    import asyncio

    from trunkline.auth import create_token, revoke_tokens_named
    from trunkline.db.session import make_engine, make_sessions
    from trunkline.settings import get_settings

    async def create() -> str:
        engine = make_engine(get_settings().database_url)
        try:
            async with make_sessions(engine).begin() as session:
                if replace:
                    await revoke_tokens_named(session, name)
                return (await create_token(session, name)).token
        finally:
            await engine.dispose()

    typer.echo(asyncio.run(create()))
