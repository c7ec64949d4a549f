"""trunkline audit: who did what."""

from typing import Annotated, Literal

import typer

from trunkline.cli.show import AsJson

commands = typer.Typer(no_args_is_help=True, help="Who did what, when, from where.")


@commands.command("list")
def audit_list(
    actor: Annotated[str | None, typer.Option(help="Who did it")] = None,
    kind: Annotated[str | None, typer.Option(help="To what: subscriptions, runs, tokens, customers, request")] = None,
    run: Annotated[str | None, typer.Option(help="In which run")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Entries at most")] = 50,
    json: AsJson = False,
) -> None:
    """The latest entries. Takes an admin's token."""
    from trunkline.cli import show
    from trunkline.cli.client import Client

    filters = {"actor": actor, "kind": kind, "run_id": run}
    given = {name: value for name, value in filters.items() if value is not None}
    found = Client.from_environment().pages("/audit", given, limit)
    if json:
        show.as_json(found)
        return
    rows = [
        (
            show.when(item["at"]),
            item["actor"],
            item["address"],
            item["action"],
            f"{item['kind']} {item['object_id']}",
            ", ".join(item["after"]),
        )
        for item in found
    ]
    show.table(("when", "who", "from", "did", "to", "what"), rows)


@commands.command("export")
def audit_export(
    form: Annotated[Literal["jsonl", "csv"], typer.Option("--format", help="One JSON object a line, or CSV")] = "jsonl",
    since: Annotated[str | None, typer.Option(help="From this moment on, such as 2026-01-31T00:00:00Z")] = None,
) -> None:
    """Every entry, oldest first, on standard output."""
    from trunkline.cli.client import Client

    params = {"format": form} | ({"since": since} if since else {})
    for piece in Client.from_environment().text("/audit/export", params):
        typer.echo(piece, nl=False)
