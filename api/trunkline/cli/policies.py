"""trunkline policies: which plans a person approves, and what becomes of an apply that fails."""

from typing import Annotated

import typer

from trunkline.cli.show import AsJson

commands = typer.Typer(
    no_args_is_help=True, help="Which plans a person approves, and what becomes of an apply that fails."
)

Name = Annotated[str, typer.Argument(help="Name of the policy")]


@commands.command("list")
def list_(json: AsJson = False) -> None:
    """List policies."""
    from trunkline.cli import show
    from trunkline.cli.client import Client

    found = Client.from_environment().pages("/policies", {"sort": "name"})
    if json:
        show.as_json(found)
        return
    rows = [(item["name"], _conditions(item), item["approval"], item["on_failure"]) for item in found]
    show.table(("policy", "concerns", "approval", "on failure"), rows)


@commands.command("show")
def show_(name: Name, json: AsJson = False) -> None:
    """Show a policy."""
    _say("GET", name, None, json=json)


@commands.command("set")
def set_(
    name: Name,
    product: Annotated[list[str] | None, typer.Option(help="Only this product (may be repeated)")] = None,
    target: Annotated[list[str] | None, typer.Option(help="Only create, modify, terminate, resync, task")] = None,
    customer: Annotated[list[str] | None, typer.Option(help="Only this customer")] = None,
    min_operations: Annotated[int | None, typer.Option(help="Only with so many NetBox operations or more")] = None,
    min_devices: Annotated[int | None, typer.Option(help="Only with so many devices or more")] = None,
    min_lines: Annotated[int | None, typer.Option(help="Only with so many changed lines or more")] = None,
    approval: Annotated[str, typer.Option(help="manual: a person approves the plan")] = "auto",
    notify: Annotated[list[str] | None, typer.Option(help="Tell this address (may be repeated)")] = None,
    escalate_after_s: Annotated[int | None, typer.Option(help="Pass it on after so many seconds")] = None,
    escalate_to: Annotated[list[str] | None, typer.Option(help="To this address")] = None,
    expire_after_s: Annotated[int | None, typer.Option(help="Cancel the run after so many seconds")] = None,
    on_failure: Annotated[str, typer.Option(help="hold: keep what was done until a person decides")] = "rollback",
    json: AsJson = False,
) -> None:
    """Make a policy, or give it another rule: what is left out is as in a new one.

    A plan that meets all conditions is concerned; of all policies that concern it the strictest word holds.
    """
    body = {
        "products": product or [],
        "targets": target or [],
        "customers": customer or [],
        "min_operations": min_operations,
        "min_devices": min_devices,
        "min_lines": min_lines,
        "approval": approval,
        "notify": notify or [],
        "escalate_after_s": escalate_after_s,
        "escalate_to": escalate_to or [],
        "expire_after_s": expire_after_s,
        "on_failure": on_failure,
    }
    _say("PUT", name, body, json=json)


@commands.command()
def delete(name: Name) -> None:
    """Remove a policy; plans that are made already keep what it said of them."""
    from trunkline.cli.client import Client

    Client.from_environment().call("DELETE", f"/policies/{name}")


def _conditions(item: dict[str, object]) -> str:
    names = ("products", "targets", "customers", "min_operations", "min_devices", "min_lines")
    given = [(name, item[name]) for name in names if item[name]]
    said = [f"{name}: {', '.join(value) if isinstance(value, list) else value}" for name, value in given]
    return "; ".join(said) or "all plans"


def _say(method: str, name: str, body: object, *, json: bool) -> None:
    from trunkline.cli import show
    from trunkline.cli.client import Client

    found = Client.from_environment().call(method, f"/policies/{name}", body=body)
    if json:
        show.as_json(found)
    else:
        show.pairs(found)
