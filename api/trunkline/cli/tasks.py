"""trunkline tasks: work that no order asks for."""

from pathlib import Path
from typing import Annotated

import typer

from trunkline.cli.orders import FREE_OPTIONS, NoWait, PlanOnly
from trunkline.cli.show import AsJson

commands = typer.Typer(no_args_is_help=True, help="Work that no order asks for.")


@commands.command("list")
def list_(json: AsJson = False) -> None:
    """List tasks."""
    from trunkline.cli import show
    from trunkline.cli.client import Client

    found = Client.from_environment().call("GET", "/tasks")
    if json:
        show.as_json(found)
    else:
        show.table(("task", "description"), [(item["name"], item["description"]) for item in found])


@commands.command(context_settings=FREE_OPTIONS)
def start(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the task")],
    file: Annotated[Path | None, typer.Option("--file", "-f", help="Its input, as JSON or YAML")] = None,
    plan_only: PlanOnly = False,
    no_wait: NoWait = False,
    json: AsJson = False,
) -> None:
    """Start a task and follow it: `trunkline tasks start sync-ports --node ams-pe`."""
    from trunkline.cli import fields, orders
    from trunkline.cli.client import NOT_FOUND, Client, CliError

    client = Client.from_environment()
    tasks = {item["name"]: item for item in client.call("GET", "/tasks")}
    if name not in tasks:
        raise CliError(f"{name}: there is no such task; there are {', '.join(tasks)}", NOT_FOUND)
    schema = fields.resolved(tasks[name]["input_schema"])
    given = _read(file, set(schema.get("properties", {}))) if file else {}
    body = {"input": given | fields.parse(schema, context.args), "plan_only": plan_only}
    run = client.call("POST", f"/tasks/{name}", body=body)
    orders.see_to_the_end(client, run, plan_only=plan_only, no_wait=no_wait, json=json)


def _read(file: Path, known: set[str]) -> dict[str, object]:
    """The fields that the task takes: a scenario file has more than that."""
    import yaml

    from trunkline.cli.client import USAGE, CliError

    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise CliError(f"--file {file}: cannot be read: {error}", USAGE) from error
    if not isinstance(found, dict):
        raise CliError(f"--file {file}: must be a mapping", USAGE)
    return {key: value for key, value in found.items() if key in known}
