"""`python -m trunkline.dev.lab`: the lab alone, without a stack around it."""

import argparse
import os
import shlex
import sys
from pathlib import Path

from trunkline.dev.lab import Lab, LabError

_RUNTIME = Path("/run/trunkline-lab")


def main() -> int:
    """Parse the command line and do it; returns the exit code."""
    arguments = _parser().parse_args()
    try:
        lab = Lab.load(arguments.topology, arguments.runtime, arguments.name, arguments.bridge, arguments.subnet)
        return _do(lab, arguments)
    except LabError as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    which = argparse.ArgumentParser(add_help=False)
    which.add_argument("topology", type=Path, help="a containerlab topology file, e.g. inventory/lab.clab.yml")
    which.add_argument("--runtime", type=Path, default=_RUNTIME, help="folder of keys and logs (%(default)s)")
    which.add_argument("--name", help="another name than the file's")
    which.add_argument("--bridge", help="another management bridge than the file's")
    which.add_argument("--subnet", help="another management subnet than the file's")

    parser = argparse.ArgumentParser(prog="python -m trunkline.dev.lab", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("up", parents=[which], help="start what does not run")
    actions.add_parser("down", parents=[which], help="end and remove everything")
    actions.add_parser("status", parents=[which], help="exit 0 when all routers run")
    actions.add_parser("env", parents=[which], help="print the exports with which Ansible gets in")
    execute = actions.add_parser("exec", parents=[which], help="run a command on a router")
    execute.add_argument("node")
    execute.add_argument("command", nargs=argparse.REMAINDER, metavar="command ...")
    return parser


def _do(lab: Lab, arguments: argparse.Namespace) -> int:
    match arguments.action:
        case "up":
            started = lab.up()
            print(f"started {', '.join(started)}" if started else "already up, no changes")
        case "down":
            print("down" if lab.down() else "was not up")
        case "status":
            up = lab.is_up()
            print("up" if up else "not up")
            return 0 if up else os.EX_UNAVAILABLE
        case "env":
            for key, value in lab.ansible_env().items():
                print(f"export {key}={shlex.quote(value)}")
        case "exec":
            command = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
            print(lab.exec(arguments.node, command or ["vtysh", "-c", "show version"]), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
