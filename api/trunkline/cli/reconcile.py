"""trunkline reconcile: the order book and NetBox, compared."""

from typing import Annotated

import typer

from trunkline.cli.show import AsJson


def reconcile(
    report: Annotated[bool, typer.Option("--report", help="Only report, as without any option")] = False,
    adopt: Annotated[
        str | None, typer.Option(metavar="CUSTOMER", help="Take over, as orders of this customer, what is unknown here")
    ] = None,
    json: AsJson = False,
) -> None:
    """Where order book and NetBox disagree, and what to do about it; exit code 7 if they do.

    For when one of them was lost or restored. Needs TRUNKLINE_DATABASE_URL, NETBOX_URL and NETBOX_TOKEN; --adopt also
    TRUNKLINE_URL and TRUNKLINE_TOKEN, of an operator.
    """
    from dataclasses import asdict

    from trunkline.cli import show
    from trunkline.cli.client import DRIFT, USAGE, Client, CliError
    from trunkline.recovery.compare import compare
    from trunkline.recovery.read import fabric, order_book
    from trunkline.recovery.rebuild import reports
    from trunkline.settings import get_settings

    if report and adopt:
        raise CliError("--report changes nothing: leave it out with --adopt", USAGE)
    settings = get_settings()
    there = fabric(settings)
    found = compare(order_book(settings), there)
    if adopt:
        client = Client.from_environment()
        for one in reports(found, there, adopt):
            client.call("PUT", f"/reports/{one.subscription}", body=one.body)
            typer.echo(f"{one.about} is subscription {one.subscription} again", err=True)
        found = compare(order_book(settings), there)
    if json:
        show.as_json([asdict(item) | {"subscription": str(item.subscription)} for item in found])
    elif found:
        columns = ("subscription", "", "what", "in detail", "remedy")
        rows = [(str(item.subscription)[:8], item.about, item.what, item.detail, item.remedy) for item in found]
        show.table(columns, rows)
    else:
        typer.echo("Order book and NetBox agree.")
    raise typer.Exit(DRIFT if found else 0)
