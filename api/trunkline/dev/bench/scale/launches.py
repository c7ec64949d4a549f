"""The launches of a run without the engine around them.

`python -m trunkline.dev.bench.scale.launches ROUNDS AT_ONCE`, in the environment of a worker, prints what they took as
JSON: a launch takes its environment from the process.
"""

import json
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import NamedTuple

from trunkline.catalog import PRODUCTS, Values
from trunkline.dev.errors import DevError
from trunkline.runs.launch.contract import Call, Launcher, Stop
from trunkline.runs.launch.make import make_launcher
from trunkline.runs.lease import of_a_person
from trunkline.settings import get_settings

PRODUCT = PRODUCTS["node-frr"]
_TIMEOUT_S = 120


def node(number: int) -> Values:
    """The input of an order for a node, another one for each number."""
    address = f"10.{number // 65_000}.{number // 250 % 250}.{number % 250 + 1}/8"
    return {"name": f"node-{number}", "site": "ams", "role": "pe", "management": address}


class Launches(NamedTuple):
    """Seconds of each plan with its apply, one pair after the other; and how many pairs a second when several go on."""

    pairs_s: list[float]
    per_second: float


def measure(rounds: int, at_once: int) -> Launches:
    """Launch pairs alone, and then so many at once. Raises DevError when one fails."""
    settings = get_settings()
    with of_a_person(settings, rounds * _TIMEOUT_S) as lease, closing(make_launcher(settings, lease)) as launcher:
        launcher.warm_up()
        _pair(launcher, 0)
        alone = [_pair(launcher, number) for number in range(rounds)]
        began = time.perf_counter()
        with ThreadPoolExecutor(at_once) as threads:
            list(threads.map(lambda number: _pair(launcher, number), range(rounds * at_once)))
        seconds = time.perf_counter() - began
    return Launches(alone, rounds * at_once / seconds)


def _pair(launcher: Launcher, number: int) -> float:
    subscription = {
        "id": str(uuid.uuid4()),
        "product": PRODUCT.slug,
        "status": "provisioning",
        "customer": "noc",
        "block": PRODUCT.for_playbook(node(number)),
    }
    began = time.perf_counter()
    for check in (True, False):
        call = Call(uuid.uuid4(), PRODUCT.provision_playbook, {"subscription": subscription}, check, _TIMEOUT_S)
        events: list[object] = []
        ending = launcher.play(call, str(call.run_id), events.append, Stop())
        if not ending.ok:
            raise DevError(f"{call.playbook} failed: {ending.detail} {events[-3:]}")
    return time.perf_counter() - began


if __name__ == "__main__":
    json.dump(measure(int(sys.argv[1]), int(sys.argv[2]))._asdict(), sys.stdout)
