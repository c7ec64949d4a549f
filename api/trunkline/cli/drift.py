"""trunkline drift: what is not as ordered, over the whole network."""

from typing import TYPE_CHECKING, Annotated

import typer

from trunkline.cli.show import AsJson

if TYPE_CHECKING:
    from trunkline.cli.client import Json


def drift(
    product: Annotated[str | None, typer.Option(help="Only of this product")] = None,
    customer: Annotated[str | None, typer.Option(help="Only of this customer")] = None,
    short: Annotated[bool, typer.Option("--short", help="One line each, without what differs")] = False,
    json: AsJson = False,
) -> None:
    """Report what is out of sync, with what differs; exit code 7 if anything is."""
    from trunkline.cli import show
    from trunkline.cli.client import DRIFT, Client

    params: Json = {name: value for name, value in (("product", product), ("customer", customer)) if value}
    found = Client.from_environment().pages("/drift", params)
    if json:
        show.as_json(found)
    elif short:
        rows = [(item["id"][:8], item["description"], item["customer"], show.when(item["found_at"])) for item in found]
        show.table(("id", "subscription", "customer", "found"), rows)
    else:
        for item in found:
            _print(item)
        if not found:
            print("Everything that was looked at is as ordered.")
    raise typer.Exit(DRIFT if found else 0)


def _print(item: "Json") -> None:
    from trunkline.cli import show

    print(f"{item['description']} ({item['id'][:8]}, {item['customer']})", end="")
    if item["run"] is None:
        print(": a run failed on it, and no validation has looked since")
        return
    print(f", found {show.when(item['found_at'])} by run {item['run'][:8]}")
    show.plan(item)
