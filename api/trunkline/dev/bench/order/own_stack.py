"""A stack of the benchmark's own: routers, NetBox and API under names and on ports that nothing else has."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from trunkline.dev.bench.world import free_port, own_state
from trunkline.dev.errors import DevError
from trunkline.dev.lab import Lab
from trunkline.dev.lab.locks import exclusive
from trunkline.dev.scenario import Scenario
from trunkline.dev.stack import Ports, Say, Stack
from trunkline.dev.state import PROJECT, State

_TOPOLOGY = PROJECT / "inventory/lab.clab.yml"
_SCENARIO = PROJECT / "examples/workshop.yml"
_LAB = "bench"
_SUBNET = "10.253.253.0/24"


@contextmanager
def own_stack(say: Say) -> Iterator[tuple[Stack, Scenario]]:
    """The workshop's network, with nothing ordered yet; stopped and removed at the end. Raises DevError."""
    # One at a time on a host: so what is there of that name was left by one that was killed.
    with exclusive("bench stack", timeout_s=0), own_state() as state:
        lab = Lab.load(_TOPOLOGY, state.runtime / "lab", _LAB, f"br-{_LAB}", _SUBNET)
        lab.down()
        if problems := lab.preflight():
            raise DevError("\n".join(problems))
        scenario = _scenario(state, lab)
        stack = Stack(state, _TOPOLOGY, lab, Ports(free_port(), free_port()))
        try:
            stack.up(scenario, say)
            yield stack, Scenario.load(scenario)
        finally:
            stack.down()


def _scenario(state: State, lab: Lab) -> Path:
    """The workshop's scenario with the addresses of this lab."""
    content = yaml.safe_load(_SCENARIO.read_text())
    for node in content["nodes"]:
        node["management"] = f"{lab.nodes[node['name']]}/24"
    file = state.data / "scenario.yml"
    file.write_text(json.dumps(content))
    return file
