"""Runs on a router: one door of two that configure it again and again at the same time, each by its own orders.

Arguments: the door's interface, how many orders. What the network must carry (NetBox, elsewhere) is a folder with a
file for each interface. Each order changes the door's own file, and then does as frr_deploy does: lease, intent, push,
confirm. Prints the orders of this door that were not on the router at their end, and those that were gone at the next.
"""

import json
import sys
from pathlib import Path

from frr_run_modules import answer  # type: ignore[import-not-found]  # beside this file on the router

TRUTH = Path("/run/frr/truth")


def order(door: str, number: int) -> bool:
    """One order; returns whether it is on the router at its end."""
    owner = f"door {door} {number}"
    (TRUTH / f"{door}.new").write_text(f"order {number}")
    (TRUTH / f"{door}.new").replace(TRUTH / door)
    done(answer("frr_lease", {"owner": owner, "wait_s": 60}))
    config = "".join(f"interface {file.name}\n description {file.read_text()}\n" for file in sorted(TRUTH.glob("eth?")))
    done(answer("frr_config", {"config": config, "lease": owner, "confirm_s": 30}))
    done(answer("frr_lease", {"owner": owner, "state": "confirmed"}))
    return is_there(door, number)


def is_there(door: str, number: int) -> bool:
    """Whether the order stands in the saved configuration, which says the same as the running one after each push."""
    return f"interface {door}\n description order {number}\n" in Path("/etc/frr/frr.conf").read_text()


def done(result: object) -> None:
    """Stop at a module that failed."""
    if isinstance(result, dict) and result.get("failed"):
        sys.exit(str(result["msg"]))


def main(door: str, orders: int) -> None:
    """All the orders of this door."""
    lost = []
    for number in range(orders):
        if number and not is_there(door, number - 1):
            lost.append(f"order {number - 1} was gone at the next")
        if not order(door, number):
            lost.append(f"order {number} is not there")
    print(json.dumps(lost))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
