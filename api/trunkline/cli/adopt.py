"""trunkline adopt: subscriptions for what NetBox has and nobody ordered."""

from typing import TYPE_CHECKING, Annotated

import typer

from trunkline.cli.orders import NoWait, PlanOnly, Yes
from trunkline.cli.show import AsJson

if TYPE_CHECKING:
    from trunkline.cli.client import Json

_STATES = {"ready": "as ordered", "differs": "differs", "refused": "cannot"}


def adopt(
    customer: Annotated[
        str, typer.Option(help="Shortcode of whose subscriptions they become", envvar="TRUNKLINE_CUSTOMER")
    ] = "",
    site: Annotated[list[str] | None, typer.Option(help="Only at this site; may be given again")] = None,
    role: Annotated[list[str] | None, typer.Option(help="Only devices of this role; may be given again")] = None,
    name: Annotated[list[str] | None, typer.Option(help="Only this device; may be given again")] = None,
    only: Annotated[str | None, typer.Option(help="node or circuit")] = None,
    differing: Annotated[
        bool, typer.Option("--differing", help="Also what differs on its router; it is out of sync then")
    ] = False,
    devices: Annotated[bool, typer.Option("--devices/--no-devices", help="Compare with the routers")] = True,
    limit: Annotated[int, typer.Option(help="How many at a time")] = 200,
    plan_only: PlanOnly = False,
    yes: Yes = False,
    no_wait: NoWait = False,
    json: AsJson = False,
) -> None:
    """Make subscriptions of devices and circuits that NetBox has. No router is changed.

    Reports what can be adopted, what differs and what stands in the way; on a terminal asks then, elsewhere ends with
    the report, unless there is --yes.
    """
    from trunkline.cli import orders, show
    from trunkline.cli.client import Client
    from trunkline.cli.follow import WAITS, follow
    from trunkline.cli.follow import report as report_end

    client = Client.from_environment()
    plan_only = plan_only or not (yes or orders.asks())
    given: Json = {
        "customer": customer or orders.customer_of(client),
        "sites": site or [],
        "roles": role or [],
        "names": name or [],
        "only": only,
        "differing": differing,
        "devices": devices,
        "limit": limit,
    }
    body: Json = {"input": given, "plan_only": plan_only, "approval": "auto" if yes else "manual"}
    run = client.call("POST", "/tasks/adopt", body=body)
    if no_wait:
        orders.say_id(run, json=json)
        return
    run = follow(client, run, quiet=json, until_approval=True)
    if run["plan_digest"] is not None:
        found = client.call("GET", f"/runs/{run['id']}/plan")
        if not json:
            report(found)
        elif run["plan_only"]:
            show.as_json(found)
            return
    if run["status"] == WAITS and orders.asks():
        if not orders.agreed(run):
            orders.withdraw(client, run)
            raise typer.Exit(1)
        client.call("POST", f"/runs/{run['id']}/approve", body={"digest": found["digest"]})
        run = follow(client, run, quiet=json, until_approval=True)
    raise typer.Exit(report_end(run, as_json=json))


def report(plan: "Json") -> None:
    """Print what would be adopted and what not, and how much of each."""
    from trunkline.cli import show

    proposals = plan["proposals"]
    show.table(
        ("", "name", "product", "is", "what differs, or stands in the way"),
        [
            (one["kind"], one["name"], one["product"], "taken" if one["taken"] else _STATES[one["state"]], _why(one))
            for one in proposals
        ],
    )
    for other in plan["others"] or []:
        kind = f"{other['device_type']}{' with ' + other['platform'] if other['platform'] else ''}"
        print(f"Not looked at: {other['count']} devices of type {kind} ({', '.join(other['examples'])} ...)")
    print(summary(proposals))
    if plan["netbox"]:
        print(f"NetBox: {len(plan['netbox'])} operations. No router is changed.")


def summary(proposals: "list[Json]") -> str:
    """How many of each."""
    taken = [one for one in proposals if one["taken"]]
    nodes = sum(one["kind"] == "node" for one in taken)
    left = [one["state"] for one in proposals if not one["taken"]]
    counts = {
        "could be later (--limit, --only)": left.count("ready"),
        "differ on a router (--differing)": left.count("differs"),
        "cannot be": left.count("refused"),
    }
    rest = "".join(f"; {count} {what}" for what, count in counts.items() if count)
    return f"{nodes} nodes and {len(taken) - nodes} circuits to adopt{rest}."


def _why(one: "Json") -> str:
    differences = [f"{router}: {_brief(text)}" for router, text in one["differs"].items()]
    return " ".join([*differences, *one["reasons"]])


def _brief(diff: str) -> str:
    """The lines that differ, without what stays."""
    lines = [line for line in diff.splitlines() if line.startswith(("+", "-"))]
    return ", ".join(lines) or diff
