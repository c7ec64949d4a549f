"""trunkline db: the database's schema."""

from typing import Annotated

import typer

commands = typer.Typer(no_args_is_help=True, help="The database's schema.")


@commands.command("upgrade")
def db_upgrade(revision: Annotated[str, typer.Argument(help="Revision to go to")] = "head") -> None:
    """Create or upgrade the schema; again changes nothing."""
    from trunkline.db.migrate import upgrade
    from trunkline.settings import get_settings

    upgrade(get_settings(), revision)


@commands.command("downgrade")
def db_downgrade(
    revision: Annotated[str, typer.Argument(help="Revision to go back to; base removes everything")],
) -> None:
    """Take the schema back."""
    from trunkline.db.migrate import downgrade
    from trunkline.settings import get_settings

    downgrade(get_settings(), revision)
