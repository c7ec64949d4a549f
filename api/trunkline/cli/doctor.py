"""trunkline doctor: what is wrong here, and what to do."""

from typing import Annotated

import typer

from trunkline.cli.show import AsJson

_MARKS = {"ok": "ok", "warning": "warning", "wrong": "WRONG"}


def doctor(
    devices: Annotated[bool, typer.Option("--devices", help="Also ask the routers that run FRR: seconds each")] = False,
    json: AsJson = False,
) -> None:
    """Check versions, reachability, clocks and permissions, and say what to do; exit code 1 if something is wrong.

    Looks with the service's own settings (TRUNKLINE_DATABASE_URL, NETBOX_URL, NETBOX_TOKEN); needs no token.
    """
    from dataclasses import asdict

    from trunkline.cli import show
    from trunkline.doctor import examine
    from trunkline.settings import get_settings

    found = list(examine(get_settings(), devices=devices))
    if json:
        show.as_json([asdict(check) for check in found])
    else:
        show.table(("", "", "found", "remedy"), [(c.name, _MARKS[c.state], c.found, c.remedy) for c in found])
    raise typer.Exit(1 if any(check.state == "wrong" for check in found) else 0)
