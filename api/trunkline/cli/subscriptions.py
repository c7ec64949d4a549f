"""trunkline subscriptions: look at what was ordered."""

from typing import TYPE_CHECKING, Annotated

import typer

from trunkline.cli.orders import Which
from trunkline.cli.show import AsJson

if TYPE_CHECKING:
    from rich.tree import Tree

    from trunkline.cli.client import Client, Json

commands = typer.Typer(no_args_is_help=True, help="What was ordered.")


@commands.command("list")
def list_(
    words: Annotated[list[str] | None, typer.Argument(help="Words to search for")] = None,
    status: Annotated[
        str | None, typer.Option(help="Such as active,provisioning; `all` for terminated ones, too")
    ] = None,
    product: Annotated[str | None, typer.Option(help="Slug of the product")] = None,
    customer: Annotated[str | None, typer.Option(help="Shortcode of the customer")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many")] = 50,
    sort: Annotated[str, typer.Option(help="Field; - before it: descending")] = "-created_at",
    json: AsJson = False,
) -> None:
    """List subscriptions, without terminated ones unless asked for."""
    from trunkline.cli import show
    from trunkline.cli.client import Client

    living = "initial,provisioning,active,migrating,disabled"
    params: Json = {"status": status or living, "product": product, "customer": customer, "sort": sort}
    if status == "all":
        params["status"] = None
    if words:
        params["q"] = " ".join(words)
    params = {key: value for key, value in params.items() if value is not None}
    found = Client.from_environment().pages("/subscriptions", params, limit)
    if json:
        show.as_json(found)
        return
    rows = [
        (item["id"][:8], item["description"], item["product"], item["customer"], item["status"], item["insync"])
        for item in found
    ]
    show.table(("id", "description", "product", "customer", "status", "in sync"), rows)


@commands.command("show")
def show_(
    which: Which,
    history: Annotated[bool, typer.Option("--history", help="Every change: who, when, what, in which run")] = False,
    json: AsJson = False,
) -> None:
    """Show one subscription: what was ordered, what was learned, what it hangs together with."""
    from trunkline.cli import find, show
    from trunkline.cli.client import Client

    client = Client.from_environment()
    path = f"/subscriptions/{find.subscription(client, which)['id']}"
    if history:
        changes = client.pages(f"{path}/history", {"sort": "created_at"})
        if json:
            show.as_json(changes)
        else:
            rows = [
                (show.when(item["created_at"]), item["made_by"], (item["run"] or "")[:8], item["after"])
                for item in changes
            ]
            show.table(("when", "who", "run", "became"), rows)
        return
    found = client.call("GET", path)
    if json:
        show.as_json(found)
        return
    related = {side: found.pop(side) for side in ("depends_on", "in_use_by")}
    show.pairs(found)
    for side, items in related.items():
        for item in items:
            print(
                f"{side.replace('_', ' ')}  {item['path']}: {item['description']} ({item['id'][:8]}, {item['status']})"
            )


@commands.command()
def tree(which: Which, json: AsJson = False) -> None:
    """Show what it depends on and what depends on it, all the way."""
    from rich.tree import Tree

    from trunkline.cli import find, show
    from trunkline.cli.client import Client

    client = Client.from_environment()
    found = find.subscription(client, which)
    sides = {side: _related(client, found["id"], side) for side in ("depends-on", "in-use-by")}
    if json:
        show.as_json({"id": found["id"], "description": found["description"], **sides})
        return
    root = Tree(_label(found))
    for side, items in sides.items():
        if items:
            _grow(root.add(side.replace("-", " ")), items)
    show.console().print(root)


def _related(client: "Client", identity: str, side: str) -> "list[Json]":
    """The dependency graph has no cycles: what is ordered refers to what was there before."""
    found = client.call("GET", f"/subscriptions/{identity}/{side}")
    return [
        {
            "path": item["path"],
            **{key: item["subscription"][key] for key in ("id", "description", "status")},
            side: _related(client, item["subscription"]["id"], side),
        }
        for item in found
    ]


def _grow(branch: "Tree", items: "list[Json]") -> None:
    for item in items:
        below = next(value for value in item.values() if isinstance(value, list))
        _grow(branch.add(f"{item['path']}: {_label(item)}"), below)


def _label(item: "Json") -> str:
    return f"{item['description']} ({item['id'][:8]}, {item['status']})"
