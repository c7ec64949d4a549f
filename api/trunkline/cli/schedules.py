"""trunkline schedules: what the clock starts."""

from typing import TYPE_CHECKING, Annotated

import typer

from trunkline.cli.orders import FREE_OPTIONS
from trunkline.cli.show import AsJson

if TYPE_CHECKING:
    from trunkline.cli.client import Json

commands = typer.Typer(no_args_is_help=True, help="What the clock starts.")


def _complete(incomplete: str) -> list[str]:
    from trunkline.cli.client import Client, CliError

    try:
        found = Client.from_environment().pages("/schedules", {"fields": "name"})
    except CliError:
        return []
    return [str(item["name"]) for item in found if str(item["name"]).startswith(incomplete)]


Which = Annotated[str, typer.Argument(help="Name of the schedule", autocompletion=_complete, metavar="SCHEDULE")]
Cron = Annotated[str, typer.Option(help="Minute, hour, day, month, weekday: '30 2 * * *'")]
Zone = Annotated[str, typer.Option(help="Time zone, such as Europe/Amsterdam")]
Approval = Annotated[str, typer.Option(help="auto; or manual: what the task would change waits for a person")]


@commands.command("list")
def list_(json: AsJson = False) -> None:
    """List schedules, with their next and last occurrence."""
    from trunkline.cli import show
    from trunkline.cli.client import Client

    found = Client.from_environment().pages("/schedules", {})
    if json:
        show.as_json(found)
        return
    rows = [
        (
            item["name"],
            item["task"],
            f"{item['cron']} {item['timezone']}",
            "paused" if item["paused"] else show.when(item["next_at"]),
            show.when(item["last_at"]),
            item["last_error"] or (item["last_run"] or {}).get("status"),
        )
        for item in found
    ]
    show.table(("schedule", "task", "when", "next", "last", "last run"), rows)


@commands.command("show")
def show_(which: Which, json: AsJson = False) -> None:
    """Show a schedule."""
    _say("GET", f"/schedules/{which}", json=json)


@commands.command(context_settings=FREE_OPTIONS)
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Its name: small letters, digits and hyphens")],
    task: Annotated[str, typer.Argument(help="Name of the task; `trunkline tasks list`")],
    cron: Cron,
    timezone: Zone = "UTC",
    approval: Approval = "auto",
    json: AsJson = False,
) -> None:
    """Make a schedule; the task's fields are options: `--cron '0 * * * *' --product node-frr --resync manual`."""
    from trunkline.cli import fields
    from trunkline.cli.client import NOT_FOUND, Client, CliError

    tasks = {item["name"]: item for item in Client.from_environment().call("GET", "/tasks")}
    if task not in tasks:
        raise CliError(f"{task}: there is no such task; there are {', '.join(tasks)}", NOT_FOUND)
    given = fields.parse(fields.resolved(tasks[task]["input_schema"]), context.args)
    body = {"name": name, "task": task, "input": given, "cron": cron, "timezone": timezone, "approval": approval}
    _say("POST", "/schedules", body, json=json)


@commands.command()
def change(
    which: Which,
    cron: Annotated[str | None, typer.Option(help="Minute, hour, day, month, weekday: '30 2 * * *'")] = None,
    timezone: Annotated[str | None, typer.Option(help="Time zone, such as Europe/Amsterdam")] = None,
    approval: Annotated[str | None, typer.Option(help="auto or manual")] = None,
    json: AsJson = False,
) -> None:
    """Change when it happens."""
    given = {"cron": cron, "timezone": timezone, "approval": approval}
    body = {name: value for name, value in given.items() if value is not None}
    _say("PATCH", f"/schedules/{which}", body, json=json)


@commands.command()
def pause(which: Which, json: AsJson = False) -> None:
    """Let it rest."""
    _say("PATCH", f"/schedules/{which}", {"paused": True}, json=json)


@commands.command()
def resume(which: Which, json: AsJson = False) -> None:
    """Let it go on; what was missed is not made up for."""
    _say("PATCH", f"/schedules/{which}", {"paused": False}, json=json)


@commands.command()
def run(
    which: Which,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Do not follow the run")] = False,
    json: AsJson = False,
) -> None:
    """Start its task now, and follow the run."""
    from trunkline.cli import orders
    from trunkline.cli.client import Client

    client = Client.from_environment()
    started = client.call("POST", f"/schedules/{which}/run")
    orders.see_to_the_end(client, started, plan_only=False, no_wait=no_wait, json=json)


@commands.command()
def delete(which: Which) -> None:
    """Remove a schedule; its runs stay."""
    from trunkline.cli.client import Client

    Client.from_environment().call("DELETE", f"/schedules/{which}")


def _say(method: str, path: str, body: "Json | None" = None, *, json: bool) -> None:
    from trunkline.cli import show
    from trunkline.cli.client import Client

    found = Client.from_environment().call(method, path, body=body)
    if json:
        show.as_json(found)
    else:
        show.pairs(found)
