"""`make bench`: Trunkline side by side with what people use now, on the same machine and in the same run.

Each comparison is a package with a `run(options, console)`, and stands in `BENCHES`.
"""

import signal
from collections.abc import Callable

from rich.console import Console

from trunkline.dev import system
from trunkline.dev.bench import api, netbox, order, scale
from trunkline.dev.bench.options import Options
from trunkline.dev.errors import DevError

BENCHES: dict[str, Callable[[Options, Console], None]] = {
    "netbox": netbox.run,
    "api": api.run,
    "run": order.run,
    "scale": scale.run,
}
ALL = "all"
_ON_ROUTERS = frozenset({"run", "scale"})
_WITHOUT_ROUTERS = ("postgresql",)


def run(which: str, options: Options, console: Console) -> None:
    """Run one comparison, or all of them in turn. Raises DevError; a figure that is missed is none."""
    if which not in (ALL, *BENCHES):
        raise DevError(f"BENCH={which}: there is no such comparison. There are {', '.join(BENCHES)} and {ALL}.")
    # Like Ctrl-C: what was started is stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    chosen = list(BENCHES) if which == ALL else [which]
    _prepare(chosen)
    for name in chosen:
        BENCHES[name](options, console)


def _prepare(chosen: list[str]) -> None:
    """What any of them needs of the machine is there before the first begins, which may take half an hour."""
    if _ON_ROUTERS.isdisjoint(chosen):
        system.ensure_packages({name: system.PACKAGES[name] for name in _WITHOUT_ROUTERS})
    else:
        system.require_root()
        system.ensure_packages()
