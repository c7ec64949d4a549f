"""trunkline runs: look at what is being done and what was done, and decide on it."""

from typing import TYPE_CHECKING, Annotated

import typer

from trunkline.cli.show import AsJson

if TYPE_CHECKING:
    from trunkline.cli.client import Json

commands = typer.Typer(no_args_is_help=True, help="What is being done, and what was done.")


def _complete(incomplete: str) -> list[str]:
    from trunkline.cli.client import Client, CliError

    try:
        found = Client.from_environment().pages("/runs", {"fields": "id"}, 50)
    except CliError:
        return []
    return [str(item["id"]) for item in found if str(item["id"]).startswith(incomplete)]


Which = Annotated[str, typer.Argument(help="Id of the run, or how it begins", autocompletion=_complete, metavar="RUN")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Do not follow the run")]


@commands.command("list")
def list_(
    status: Annotated[str | None, typer.Option(help="Such as failed,rolled-back")] = None,
    target: Annotated[str | None, typer.Option(help="create, modify, terminate, validate, resync, batch, task")] = None,
    subscription: Annotated[str | None, typer.Option(help="Of this subscription")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many")] = 30,
    json: AsJson = False,
) -> None:
    """List runs, newest first."""
    from trunkline.cli import find, show
    from trunkline.cli.client import Client

    client = Client.from_environment()
    params: Json = {key: value for key, value in (("status", status), ("target", target)) if value}
    if subscription:
        params["subscription"] = find.subscription(client, subscription)["id"]
    found = client.pages("/runs", params, limit)
    if json:
        show.as_json(found)
        return
    rows = [
        (
            item["id"][:8],
            item["title"],
            item["target"],
            item["status"],
            item["created_by"],
            show.when(item["created_at"]),
        )
        for item in found
    ]
    show.table(("run", "of", "target", "status", "by", "since"), rows)


@commands.command("show")
def show_(
    which: Which,
    plan: Annotated[bool, typer.Option("--plan", help="Its plan: NetBox operations and device diffs")] = False,
    json: AsJson = False,
) -> None:
    """Show a run with its steps, or its plan."""
    from trunkline.cli import find, show
    from trunkline.cli.client import Client

    client = Client.from_environment()
    path = f"/runs/{find.run(client, which)}{'/plan' if plan else ''}"
    found = client.call("GET", path)
    if json:
        show.as_json(found)
    elif plan:
        show.plan(found)
        if found["previous"]:
            print("\nIt has changed since it was approved. Before:\n")
            show.plan(found["previous"])
    else:
        steps, subscription = found.pop("steps"), found.pop("subscription")
        show.pairs(found | {"subscription": subscription and subscription["id"]})
        show.table(("stage", "step", "status"), [(step["stage"], step["name"], step["status"]) for step in steps])


@commands.command()
def follow(which: Which, json: AsJson = False) -> None:
    """Follow a run to its end; with --json one event a line."""
    import json as encoder

    from trunkline.cli import find
    from trunkline.cli.client import Client
    from trunkline.cli.follow import exit_code, report
    from trunkline.cli.follow import follow as to_the_end

    client = Client.from_environment()
    run = {"id": find.run(client, which)}
    if json:
        for event in client.events(run["id"]):
            print(encoder.dumps(event), flush=True)
        raise typer.Exit(exit_code(client.call("GET", f"/runs/{run['id']}")))
    raise typer.Exit(report(to_the_end(client, run, quiet=False), as_json=False))


@commands.command()
def approve(which: Which, no_wait: NoWait = False, json: AsJson = False) -> None:
    """Approve the plan of a run that waits for it."""
    _act(which, "approve", wait=not no_wait, json=json)


@commands.command()
def reject(which: Which, reason: Annotated[str, typer.Option(help="Why", prompt=True)], json: AsJson = False) -> None:
    """Reject the plan of a run that waits for approval; nothing was changed."""
    _act(which, "reject", wait=False, json=json, body={"reason": reason})


@commands.command()
def cancel(which: Which, reason: Annotated[str | None, typer.Option(help="Why")] = None, json: AsJson = False) -> None:
    """Stop a run; what it has applied is rolled back. A rollback is stopped half-way, a held run is given up."""
    _act(which, "cancel", wait=False, json=json, body={"reason": reason})


@commands.command()
def retry(which: Which, no_wait: NoWait = False, json: AsJson = False) -> None:
    """Do once more what a held, failed, rolled back or cancelled run was to do."""
    _act(which, "retry", wait=not no_wait, json=json)


@commands.command()
def rollback(which: Which, no_wait: NoWait = False, json: AsJson = False) -> None:
    """Go back to before a held run or a completed modify; or try a failed rollback once more."""
    _act(which, "rollback", wait=not no_wait, json=json)


def _act(which: str, what: str, *, wait: bool, json: bool, body: object = None) -> None:
    from trunkline.cli import find, show
    from trunkline.cli.client import Client
    from trunkline.cli.follow import follow as to_the_end
    from trunkline.cli.follow import report

    client = Client.from_environment()
    asked = find.run(client, which)
    run = client.call("POST", f"/runs/{asked}/{what}", body=body)
    if wait:
        # A run that is taken back itself ends so; the run that takes another back has to be completed.
        wanted = "rolled-back" if what == "rollback" and run["id"] == asked else "completed"
        run = to_the_end(client, run, quiet=json, until_approval=True)
        raise typer.Exit(report(run, as_json=json, wanted=wanted))
    if json:
        show.as_json(run)
    else:
        print(f"{run['id']}  {run['status']}")
