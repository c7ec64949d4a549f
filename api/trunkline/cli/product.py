"""trunkline product: new products."""

import json
from pathlib import Path
from typing import Annotated

import typer

commands = typer.Typer(no_args_is_help=True, help="Products of the catalogue.")


@commands.callback()
def _main() -> None:
    """Products of the catalogue."""


@commands.command("new")
def product_new(
    name: Annotated[str, typer.Argument(help="Slug of the product: firewall")],
    file: Annotated[Path, typer.Option("--file", "-f", help="Its description in YAML: docs/add-a-product.md")],
    project: Annotated[
        Path | None, typer.Option(envvar="TRUNKLINE_PROJECT_DIR", help="Checkout; that of the command when left out")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON")] = False,
) -> None:
    """Write the product's file, its two playbooks and its test, from a short description."""
    from trunkline.catalog.generator import generate, load
    from trunkline.settings import checkout

    written = [str(path) for path in generate(name, load(file), project or checkout())]
    if as_json:
        typer.echo(json.dumps({"written": written}))
    else:
        typer.echo("\n".join(written))
        typer.echo(f'\nNext: trunkline db revision -m "add {name}" && trunkline db upgrade')
