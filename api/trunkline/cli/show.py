"""What commands print: JSON for programs, tables for people."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from trunkline.cli.client import Json

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs")]

_COLORS = {
    "active": "green",
    "completed": "green",
    "failed": "red",
    "rolled-back": "red",
    "cancelled": "yellow",
    "terminated": "dim",
    "awaiting-approval": "yellow",
    "held": "red",
}


def console(*, error: bool = False) -> "Console":
    """Where people read: standard output, or standard error."""
    from rich.console import Console

    return Console(stderr=error, highlight=False, soft_wrap=not sys.stdout.isatty())


def as_json(value: object) -> None:
    """Print the value as JSON."""
    print(json.dumps(value, indent=2))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; a cell that is a status is coloured."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    shown = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        shown.add_row(*(Text(text := _cell(cell), style=_COLORS.get(text, "")) for cell in row))
    console().print(shown)


def pairs(values: "Json", prefix: str = "") -> None:
    """Print a mapping, one dotted name a line."""
    from trunkline.cli.fields import dotted

    flat = dotted(values)
    width = max((len(name) for name in flat), default=0)
    for name, value in flat.items():
        print(f"{prefix}{name:<{width}}  {_cell(value)}")


def plan(found: "Json") -> None:
    """Print a plan as it is: each NetBox operation, and each device's diff."""
    from rich.markup import escape

    out = console()
    operations, devices = found["netbox"], {name: diff for name, diff in found["devices"].items() if diff}
    if not operations and not devices:
        out.print("Nothing would change.")
    for warning in found.get("warnings", []):
        out.print(f"[bold yellow]Warning: {escape(warning)}[/bold yellow]")
    if operations:
        out.print(f"[bold]NetBox: {len(operations)} operations[/bold]")
    for operation in operations:
        sign, color = {"create": ("+", "green"), "delete": ("-", "red")}.get(operation["op"], ("~", "yellow"))
        out.print(f"[{color}]{sign} {operation['type']} {escape(str(operation['name']))}[/{color}]")
        for line in _differences(operation):
            out.print(f"    {escape(line)}")
    for name, diff in devices.items():
        out.print(f"[bold]{escape(name)}[/bold]")
        for line in str(diff).splitlines():
            color = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "default")
            out.print(f"[{color}]{escape(line)}[/{color}]")


def _differences(operation: "Json") -> list[str]:
    before, after = operation.get("before") or {}, operation.get("after") or {}
    lines = []
    for name in [*before, *(name for name in after if name not in before)]:
        old, new = before.get(name), after.get(name)
        if operation["op"] == "update" and name in before and old != new:
            lines.append(f"{name}: {_cell(old)} -> {_cell(new)}")
        elif old != new:
            lines.append(f"{name}: {_cell(new if name in after else old)}")
    return lines


def when(text: str | None) -> str:
    """A time of the API, short and in the reader's zone."""
    from datetime import datetime

    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S") if text else ""


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict | list):
        return json.dumps(value)
    return str(value)
