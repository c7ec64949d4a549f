"""trunkline products: what can be ordered. (`product new` makes another one.)"""

from typing import Annotated

import typer

from trunkline.cli.show import AsJson

commands = typer.Typer(no_args_is_help=True, help="What can be ordered.")


@commands.command("list")
def list_(json: AsJson = False) -> None:
    """List products."""
    from trunkline.cli import show
    from trunkline.cli.client import Client
    from trunkline.cli.find import words_of

    found = Client.from_environment().pages("/products", {})
    if json:
        show.as_json(found)
        return
    rows = [(item["slug"], item["description"], item["status"], ", ".join(sorted(words_of(item)))) for item in found]
    show.table(("product", "description", "status", "called"), rows)


@commands.command("show")
def show_(slug: Annotated[str, typer.Argument(help="Slug of the product")], json: AsJson = False) -> None:
    """Show a product and the options that `trunkline create` takes for it."""
    from trunkline.cli import fields, show
    from trunkline.cli.client import Client

    found = Client.from_environment().call("GET", f"/products/{slug}")
    if json:
        show.as_json(found)
        return
    schema = found.pop("input_schema")
    show.pairs(found)
    rows = [
        (f"--{fields.flag(path)}", fields.hint(item), "required" if needed else f"default {item.get('default', '')}")
        for path, item, needed in fields.options(fields.resolved(schema))
    ]
    show.table(("option", "takes", ""), rows)
