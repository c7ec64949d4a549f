"""trunkline backup and restore."""

from pathlib import Path
from typing import Annotated

import typer


def backup(file: Annotated[Path, typer.Argument(help="New file to write, for instance trunkline.zip")]) -> None:
    """Write everything in the database to a file, as it is at this moment; the service may go on working.

    NetBox and the configuration of the routers are not in it, nor sessions of browsers. Of tokens it has the hashes.
    """
    from trunkline.backup.write import backup as write
    from trunkline.settings import get_settings

    _tell(write(get_settings(), file), f"in {file}")


def restore(file: Annotated[Path, typer.Argument(help="What `trunkline backup` has written")]) -> None:
    """Fill an empty database from a file; the service must not run yet. All or nothing.

    Runs that were under way are taken up again by the first worker: start one when NetBox is back as well.
    """
    from trunkline.backup.read import restore as read
    from trunkline.settings import get_settings

    _tell(read(get_settings(), file), "restored")


def _tell(rows: dict[str, int], where: str) -> None:
    shown = ", ".join(f"{count} {name}" for name, count in rows.items() if name in ("subscriptions", "runs", "audit"))
    typer.echo(f"{sum(rows.values())} rows {where}: {shown}.")
