"""trunkline db: the database's schema, and the catalogue in it."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from trunkline.db.revision import Decisions

commands = typer.Typer(no_args_is_help=True, help="The database's schema, and the catalogue in it.")

Json = Annotated[bool, typer.Option("--json", help="Print JSON")]


@commands.command("upgrade")
def db_upgrade(revision: Annotated[str, typer.Argument(help="Revision to go to")] = "head") -> None:
    """Create or upgrade the schema; again changes nothing."""
    from trunkline.db.migrate import upgrade
    from trunkline.settings import get_settings

    upgrade(get_settings(), revision)


@commands.command("downgrade")
def db_downgrade(
    revision: Annotated[str, typer.Argument(help="Revision to go back to; base removes everything")] = "-1",
) -> None:
    """Take the schema back, by one step or to a revision.

    Use the code that has the migrations, before that of the older version is installed.
    """
    from trunkline.db.migrate import downgrade
    from trunkline.settings import get_settings

    downgrade(get_settings(), revision)


@commands.command("check")
def db_check(as_json: Json = False) -> None:
    """Whether code, database and migrations agree: exit code 0 if they do, else 1 and what differs."""
    from trunkline.db.revision import disagreements
    from trunkline.settings import get_settings

    found = disagreements(get_settings())
    if as_json:
        typer.echo(json.dumps({"agree": not found, "differences": found}))
    else:
        typer.echo("\n".join(found) or "Code, database and migrations agree.")
    raise typer.Exit(1 if found else 0)


@commands.command("revision")
def db_revision(
    message: Annotated[str, typer.Option("--message", "-m", help="What the migration is about")],
    rename: Annotated[
        list[str] | None, typer.Option(help="OLD=NEW: Node.role=Node.function, Node=Router, node-frr=node-frrouting")
    ] = None,
    remove: Annotated[list[str] | None, typer.Option(help="OLD was removed, and not renamed: Node.role")] = None,
    default: Annotated[
        list[str] | None, typer.Option(help='BLOCK.FIELD=VALUE for existing subscriptions: Node.rack="A1"')
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what the migration would do")] = False,
    as_json: Json = False,
) -> None:
    """Compare the catalogue in code with the database, and write the migration that leads there.

    It is tried out on the database, both ways, and undone. Where something is gone and something like it is new, a
    person says whether that is a rename: on a terminal when asked, else with --rename or --remove.
    """
    from trunkline.db.revision import Decisions, revise
    from trunkline.settings import get_settings

    settings = get_settings()
    decisions = Decisions(list(rename or []), list(remove or []), dict(map(_default, default or [])))
    found = revise(settings, message, decisions, dry_run=dry_run)
    while found.undecided:
        _decide(found.undecided[0], decisions)
        found = revise(settings, message, decisions, dry_run=dry_run)
    path = str(found.path.relative_to(settings.project_dir.resolve())) if found.path else None
    if as_json:
        typer.echo(json.dumps({"changes": found.changes, "migration": path}))
        return
    if not found.changes:
        typer.echo("Code and database agree: there is nothing to write.")
        return
    typer.echo("\n".join(found.changes))
    if path:
        typer.echo(f"\nWritten, and tried out both ways: {path}\nLook at it, then: trunkline db upgrade")


def _decide(rename: str, decisions: "Decisions") -> None:
    """Ask whether it is a rename; without a terminal that is an error that names the options."""
    import sys

    from trunkline.errors import Invalid

    removed = rename.partition("=")[0]
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Invalid(f"{rename} may be a rename: say --rename '{rename}', or --remove '{removed}' if it is not.")
    if typer.confirm(f"Is this a rename: {rename}?"):
        decisions.renames.append(rename)
    else:
        decisions.removals.append(removed)


def _default(text: str) -> tuple[str, object]:
    from trunkline.errors import Invalid

    field, separator, value = text.partition("=")
    if not separator or "." not in field:
        raise Invalid(f'--default {text}: must be BLOCK.FIELD=VALUE, such as Node.rack="A1"')
    try:
        return field, json.loads(value)
    except ValueError:
        return field, value  # a word without quotes is a text
