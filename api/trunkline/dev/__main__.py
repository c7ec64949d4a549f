"""`python -m trunkline.dev demo|up|down|env|bench|netbox-template`: what the Makefile calls."""

import argparse
import shlex
import shutil
import sys
from pathlib import Path

from rich.console import Console

from trunkline.dev import bench, demo, netbox, postgres, redis
from trunkline.dev.bench.options import Options
from trunkline.dev.errors import DevError
from trunkline.dev.secrets import Secrets
from trunkline.dev.stack import Stack
from trunkline.dev.state import State

_console = Console(soft_wrap=True)


def main() -> int:
    """Run one command; 0, or 1 with one sentence on standard error."""
    parser = argparse.ArgumentParser(prog="make")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("demo", "up"):
        command = commands.add_parser(name)
        command.add_argument("--scenario", type=Path, required=True)
        command.add_argument("--lab", type=Path, required=True)
    for name in ("down", "env", "netbox-template"):
        commands.add_parser(name)
    command = commands.add_parser("bench")
    command.add_argument("--which", default=bench.ALL)
    command.add_argument("--rounds", type=int, default=Options.rounds, help="how often each measurement is repeated")
    command.add_argument("--sizes", type=_numbers, default=Options.sizes, help="how many objects, as 1,10,100")
    command.add_argument("--whole", action="store_true", help="measure what is else extrapolated: an hour more")
    command.add_argument("--docs", action="store_true", help="write the pages of docs that are computed from it")
    arguments = parser.parse_args()
    try:
        return _dispatch(arguments)
    except DevError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130


def _dispatch(arguments: argparse.Namespace) -> int:
    match arguments.command:
        case "demo":
            return demo.run(arguments.scenario, arguments.lab, _console)
        case "up":
            demo.bring_up(arguments.scenario, arguments.lab, _console)
        case "down":
            _down()
        case "env":
            _env()
        case "bench":
            options = Options(arguments.rounds, arguments.sizes, arguments.whole, arguments.docs)
            bench.run(arguments.which, options, _console)
        case "netbox-template":
            _netbox_template()
    return 0


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


def _down() -> None:
    stack = Stack.running()
    if stack is None:
        _console.print("Nothing is running.")
        return
    stack.down()
    _console.print(f"The stack of lab {stack.lab.name} is down; its data stays in {stack.state.data}")


def _env() -> None:
    stack = Stack.running()
    if stack is None:
        raise DevError("Nothing is running: `make demo` or `make up` first.")
    for name, value in stack.exports().items():
        print(f"export {name}={shlex.quote(value)}")
    print(f'export PATH={shlex.quote(str(Path(sys.executable).parent))}:"$PATH"')


def _netbox_template() -> None:
    state = State.of("netbox-template")
    state.create()
    secrets = Secrets.make()
    try:
        postgres.up(state)
        redis.up(state)
        _console.print("Running NetBox's migrations: about four minutes")
        path = netbox.make_template(state, secrets)
    finally:
        redis.down(state)
        postgres.down(state)
        state.remove_runtime()
        shutil.rmtree(state.data)
    _console.print(f"{path}: {path.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    sys.exit(main())
