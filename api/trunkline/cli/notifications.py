"""trunkline notifications: who is told of what."""

from typing import TYPE_CHECKING, Annotated

import typer

from trunkline.cli.show import AsJson

if TYPE_CHECKING:
    from trunkline.cli.client import Json

commands = typer.Typer(no_args_is_help=True, help="Who is told of what.")


def _complete(incomplete: str) -> list[str]:
    from trunkline.cli.client import Client, CliError

    try:
        found = Client.from_environment().pages("/notifications", {"fields": "name"})
    except CliError:
        return []
    return [str(item["name"]) for item in found if str(item["name"]).startswith(incomplete)]


Which = Annotated[
    str, typer.Argument(help="Name of the notification", autocompletion=_complete, metavar="NOTIFICATION")
]
NewName = Annotated[str, typer.Argument(help="Its name: small letters, digits and hyphens")]
On = Annotated[str, typer.Option(help="Of these, with commas: completed, failed, approval-needed, drift")]
Product = Annotated[str | None, typer.Option(help="Only of subscriptions of this product")]
Customer = Annotated[str | None, typer.Option(help="Only of subscriptions of this customer")]
_MOST = "failed,approval-needed,drift"


@commands.command("list")
def list_(json: AsJson = False) -> None:
    """List notifications."""
    from trunkline.cli import show
    from trunkline.cli.client import Client

    found = Client.from_environment().pages("/notifications", {})
    if json:
        show.as_json(found)
        return
    rows = [
        (item["name"], item["kind"], ",".join(item["events"]), item["shown"], "paused" if item["paused"] else "")
        for item in found
    ]
    show.table(("notification", "by", "on", "to", ""), rows)


@commands.command("show")
def show_(which: Which, json: AsJson = False) -> None:
    """Show a notification, without its secrets."""
    _say("GET", f"/notifications/{which}", json=json)


@commands.command()
def webhook(
    name: NewName, on: On = _MOST, product: Product = None, customer: Customer = None, json: AsJson = False
) -> None:
    """Tell a URL, which is asked for or read from standard input: it is a secret. Prints the secret that signs."""
    url = typer.prompt("URL", err=True)
    given: Json = {"kind": "webhook", "url": url}
    _create(name, on, product, customer, given, json=json)


@commands.command()
def email(
    name: NewName,
    recipients: Annotated[list[str], typer.Argument(help="Addresses")],
    on: On = _MOST,
    product: Product = None,
    customer: Customer = None,
    json: AsJson = False,
) -> None:
    """Tell people by e-mail."""
    _create(name, on, product, customer, {"kind": "email", "recipients": recipients}, json=json)


@commands.command()
def pause(which: Which, json: AsJson = False) -> None:
    """Send nothing, and keep nothing to be sent."""
    _say("PATCH", f"/notifications/{which}", {"paused": True}, json=json)


@commands.command()
def resume(which: Which, json: AsJson = False) -> None:
    """Send again what happens from now on."""
    _say("PATCH", f"/notifications/{which}", {"paused": False}, json=json)


@commands.command("test")
def try_out(which: Which, json: AsJson = False) -> None:
    """Send a test message; `deliveries` shows what came of it."""
    _say("POST", f"/notifications/{which}/test", json=json)


@commands.command()
def deliveries(
    which: Which, limit: Annotated[int, typer.Option(min=1, help="At most so many")] = 30, json: AsJson = False
) -> None:
    """List what was sent and what came of it, newest first."""
    from trunkline.cli import show
    from trunkline.cli.client import Client

    found = Client.from_environment().pages(f"/notifications/{which}/deliveries", {}, limit)
    if json:
        show.as_json(found)
        return
    rows = [
        (
            show.when(item["created_at"]),
            item["event"],
            (item["run"] or "")[:8],
            item["status"],
            item["attempts"],
            item["outcome"],
        )
        for item in found
    ]
    show.table(("since", "event", "run", "status", "attempts", "outcome"), rows)


@commands.command()
def delete(which: Which) -> None:
    """Remove a notification, with the log of its deliveries."""
    from trunkline.cli.client import Client

    Client.from_environment().call("DELETE", f"/notifications/{which}")


def _create(name: str, on: str, product: str | None, customer: str | None, given: "Json", *, json: bool) -> None:
    events = [part.strip() for part in on.split(",") if part.strip()]
    _say(
        "POST",
        "/notifications",
        {"name": name, "events": events, "product": product, "customer": customer, **given},
        json=json,
    )


def _say(method: str, path: str, body: "Json | None" = None, *, json: bool) -> None:
    from trunkline.cli import show
    from trunkline.cli.client import Client

    found = Client.from_environment().call(method, path, body=body)
    if json:
        show.as_json(found)
    else:
        show.pairs(found)
