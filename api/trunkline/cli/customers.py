"""trunkline customers: whom subscriptions are for."""

from typing import Annotated

import typer

from trunkline.cli.show import AsJson

commands = typer.Typer(no_args_is_help=True, help="Whom subscriptions are for.")

Shortcode = Annotated[str, typer.Argument(help="Shortcode of the customer")]
Name = Annotated[str, typer.Argument(help="Its name")]


@commands.command("list")
def list_(json: AsJson = False) -> None:
    """List customers."""
    from trunkline.cli import show
    from trunkline.cli.client import Client

    found = Client.from_environment().pages("/customers", {})
    if json:
        show.as_json(found)
    else:
        show.table(("shortcode", "name"), [(item["shortcode"], item["name"]) for item in found])


@commands.command()
def create(shortcode: Shortcode, name: Name, json: AsJson = False) -> None:
    """Make a customer."""
    _say("POST", "/customers", {"shortcode": shortcode, "name": name}, json=json)


@commands.command()
def rename(shortcode: Shortcode, name: Name, json: AsJson = False) -> None:
    """Give a customer another name."""
    _say("PATCH", f"/customers/{shortcode}", {"name": name}, json=json)


@commands.command()
def delete(shortcode: Shortcode) -> None:
    """Remove a customer that never had a subscription."""
    from trunkline.cli.client import Client

    Client.from_environment().call("DELETE", f"/customers/{shortcode}")


def _say(method: str, path: str, body: object, *, json: bool) -> None:
    from trunkline.cli import show
    from trunkline.cli.client import Client

    made = Client.from_environment().call(method, path, body=body)
    if json:
        show.as_json(made)
    else:
        print(f"{made['shortcode']}  {made['name']}")
