"""`make demo`: from nothing to routers that talk, ordered over the REST API."""

import time
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.table import Table

from trunkline.dev import proof
from trunkline.dev.errors import DevError
from trunkline.dev.orders import Client, Order
from trunkline.dev.scenario import Scenario
from trunkline.dev.stack import Ports, Stack


def bring_up(scenario_file: Path, topology: Path, console: Console) -> Stack:
    """Start the stack with live progress; when that fails half-way, what was started is stopped again."""
    Scenario.load(scenario_file)
    stack = Stack.of(topology, Ports.from_environment())
    was_running = Stack.running() is not None
    stack.preflight()
    stack.claim()
    began = time.monotonic()
    try:
        stack.up(scenario_file, lambda text: console.print(f"[dim]{time.monotonic() - began:5.1f} s[/dim]  {text}"))
    except BaseException:
        if not was_running:
            stack.down()
        raise
    return stack


def run(scenario_file: Path, topology: Path, console: Console) -> int:
    """Bring the stack up, place the scenario's orders, prove the network; 0 when all of it worked."""
    began = time.monotonic()
    scenario = Scenario.load(scenario_file)
    stack = bring_up(scenario_file, topology, console)
    with Client(stack.api_url, stack.exports()["TRUNKLINE_TOKEN"]) as client:
        orders = _place(client, scenario, console)
    stack.remember_customer(scenario.customers[0].shortcode)
    proven = proof.show(stack.lab, scenario, console)
    changed = sum(order.changed for order in orders)
    made = f"{changed} orders carried out" if changed else "no changes"
    console.print(f"\nDone in {time.monotonic() - began:.0f} s: {made}.")
    console.print(f"Trunkline {stack.api_url}     NetBox {stack.netbox_url}")
    console.print('Let a client in: eval "$(make -s env)"     Stop everything: make down')
    return 0 if proven else 1


def _place(client: Client, scenario: Scenario, console: Console) -> list[Order]:
    nodes, circuits = client.orders(scenario)
    customer = scenario.customers[0].shortcode
    for orders in (nodes, circuits):
        with Live(console=console, refresh_per_second=8) as live:
            client.place(orders, customer, lambda shown=orders: live.update(_table(shown)))  # type: ignore[misc]
        console.print()
        if failed := [order for order in orders if order.status != "completed"]:
            raise DevError("\n".join(_failure(order) for order in failed))
    return nodes + circuits


def _table(orders: list[Order]) -> Table:
    table = Table("order", "run", "target", "step", "seconds", "state")
    for order in orders:
        color = {"completed": "green", "failed": "red", "rolled-back": "red"}.get(order.status, "yellow")
        table.add_row(
            order.name,
            str(order.run.get("id", ""))[:8],
            order.run.get("target", ""),
            "" if order.done else _step(order),
            f"{order.seconds:.1f}",
            f"[{color}]{order.status}[/{color}]",
        )
    return table


def _step(order: Order) -> str:
    steps = order.run.get("steps") or []
    return str(steps[-1]["name"]) if steps else ""


def _failure(order: Order) -> str:
    error = order.run.get("error") or {}
    where = ", ".join(str(error[key]) for key in ("host", "task") if error.get(key))
    return f"{order.name}: {order.status}: {error.get('detail') or error.get('title')} ({where})"
