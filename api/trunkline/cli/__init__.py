"""The command line: one file a group of commands.

Imports happen inside the commands, so that each starts as fast as it can.
"""

import typer

from trunkline.cli import (
    adopt,
    audit,
    backup,
    customers,
    db,
    dev,
    doctor,
    drift,
    notifications,
    orders,
    policies,
    product,
    products,
    reconcile,
    runs,
    schedules,
    server,
    subscriptions,
    tasks,
    tokens,
)
from trunkline.cli.workers import workers

_EXIT_CODES = """
Exit codes: 0 done, 1 the run did not do what was ordered, 2 the input is wrong, 3 it cannot be done now (conflict),
4 there is no such thing, 5 the service does not answer, 6 the token opens nothing, 7 not as ordered (validate, drift),
130 interrupted.
"""

cli = typer.Typer(
    name="trunkline", no_args_is_help=True, add_completion=True, pretty_exceptions_enable=False, epilog=_EXIT_CODES
)
orders.register(cli)
cli.add_typer(products.commands, name="products")
cli.add_typer(customers.commands, name="customers")
cli.add_typer(subscriptions.commands, name="subscriptions")
cli.add_typer(runs.commands, name="runs")
cli.add_typer(policies.commands, name="policies")
cli.add_typer(tasks.commands, name="tasks")
cli.add_typer(schedules.commands, name="schedules")
cli.command()(drift.drift)
cli.command()(adopt.adopt)
cli.add_typer(notifications.commands, name="notifications")
dev.register(cli)
cli.command()(server.serve)
cli.command()(server.worker)
cli.command()(workers)
cli.command()(backup.backup)
cli.command()(backup.restore)
cli.command()(doctor.doctor)
cli.command()(reconcile.reconcile)
cli.add_typer(db.commands, name="db")
cli.add_typer(product.commands, name="product")
cli.add_typer(tokens.commands, name="tokens")
cli.add_typer(audit.commands, name="audit")


@cli.callback()
def _main() -> None:
    """Order network services: documented in NetBox, configured with Ansible, proved on the routers."""


def app() -> None:
    """Entry point: errors that have a remedy end in one line and an exit code."""
    try:
        cli()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except Exception as error:
        said = _said(error)
        if said is None:
            raise
        text, code = said
        typer.echo(f"trunkline: {text}", err=True)
        raise SystemExit(code) from None


def _said(error: Exception) -> tuple[str, int] | None:
    """The line and the exit code of an error that has a remedy; what raised it is imported already."""
    import sys

    def of(module: str, name: str) -> type[Exception] | tuple[()]:
        return getattr(sys.modules[module], name) if module in sys.modules else ()

    if isinstance(error, of("trunkline.cli.client", "CliError")):
        return str(error), int(getattr(error, "code", 1))
    if isinstance(error, of("trunkline.settings", "SettingsError")):
        return str(error), 1
    if isinstance(error, of("sqlalchemy.exc", "OperationalError")):
        reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
        return f"the database does not answer ({reason}); check TRUNKLINE_DATABASE_URL", 1
    if isinstance(error, of("trunkline.errors", "Problem")):
        return str(error), 1
    return None
