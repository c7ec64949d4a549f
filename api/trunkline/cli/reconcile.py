"""trunkline reconcile: the order book and NetBox, compared."""

from typing import Annotated

import typer

from trunkline.cli.show import AsJson


def reconcile(
    report: Annotated[bool, typer.Option("--report", help="Change nothing, as always: it only reports")] = True,  # noqa: ARG001
    json: AsJson = False,
) -> None:
    """Where order book and NetBox disagree, and what to do about it; exit code 7 if they do.

    For when one of them was lost or restored. Needs TRUNKLINE_DATABASE_URL, NETBOX_URL and NETBOX_TOKEN, and no token.
    """
    from dataclasses import asdict

    from trunkline.cli import show
    from trunkline.cli.client import DRIFT
    from trunkline.recovery.compare import compare
    from trunkline.recovery.read import fabric, order_book
    from trunkline.settings import get_settings

    settings = get_settings()
    found = compare(order_book(settings), fabric(settings))
    if json:
        show.as_json([asdict(item) | {"subscription": str(item.subscription)} for item in found])
    elif found:
        columns = ("subscription", "", "what", "in detail", "remedy")
        rows = [(str(item.subscription)[:8], item.about, item.what, item.detail, item.remedy) for item in found]
        show.table(columns, rows)
    else:
        typer.echo("Order book and NetBox agree.")
    raise typer.Exit(DRIFT if found else 0)
