"""The command line: one file a group of commands.

Imports happen inside the commands, so that each starts as fast as it can.
"""

import typer

from trunkline.cli import db, product, server, tokens

cli = typer.Typer(name="trunkline", no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False)
cli.command()(server.serve)
cli.command()(server.worker)
cli.add_typer(db.commands, name="db")
cli.add_typer(product.commands, name="product")
cli.add_typer(tokens.commands, name="tokens")


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
