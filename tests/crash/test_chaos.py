"""A stream of orders while everything is killed at random: each ends all there or not at all, and nothing leaks.

TRUNKLINE_CHAOS_KILLS=1000 is the long mode, TRUNKLINE_CHAOS_SEED=7 another course of events.
"""

import os
import random
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.api.live_service import Service, make_service
from tests.crash import proof
from tests.crash.plant import Plant
from tests.crash.stream import Circuit, Client, Placed
from tests.said import say
from tests.waiting import wait_until
from trunkline.dev import postgres as embedded_postgres
from trunkline.dev.lab import Lab
from trunkline.dev.stack import bootstrap_netbox
from trunkline.dev.state import PROJECT, State

KILLS = int(os.environ.get("TRUNKLINE_CHAOS_KILLS", "60"))
SEED = int(os.environ.get("TRUNKLINE_CHAOS_SEED", "1"))
# Killed one by one at an even pace, hardly an order would end; what dies together is the harder case anyway.
_BETWEEN_BURSTS_S = 9.0
_BURST = (2, 3, 4)
_NETBOX_DIES_AFTER = KILLS // 3
_ENDS_WITHIN_S = 240
CIRCUITS = (("ams-pe:eth1", "par-p:eth2"), ("par-p:eth1", "lon-pe:eth2"), ("ams-pe:eth2", "lon-pe:eth1"))
NODES = {"ams-pe": ("ams", "pe"), "par-p": ("par", "p"), "lon-pe": ("lon", "pe")}


@pytest.fixture(scope="module")
def memory() -> Iterator[Path]:
    """Where runs have their directories. pytest's own are too long for the sockets of ssh in them."""
    with tempfile.TemporaryDirectory(prefix="trunkline-chaos-", dir="/dev/shm") as made:
        yield Path(made)


@pytest.fixture(scope="module")
def service(
    lab: Lab, bare_netbox: dict[str, str], postgres: State, memory: Path, tmp_path_factory: pytest.TempPathFactory
) -> Service:
    """A service for the real playbooks, not yet started, with heartbeats that let a busy machine be late."""
    folder = tmp_path_factory.mktemp("chaos")
    name = f"chaos_{uuid.uuid4().hex[:12]}"
    embedded_postgres.ensure_database(postgres, name)
    environment = bare_netbox | lab.ansible_env()
    scenario = yaml.safe_load((PROJECT / "examples/workshop.yml").read_text())
    scenario["pools"] = [pool for pool in scenario["pools"] if pool["role"] != "management"]
    file = folder / "scenario.yml"
    file.write_text(yaml.safe_dump(scenario))
    bootstrap_netbox(file, environment)
    made = make_service(
        folder,
        embedded_postgres.url(postgres, name),
        TRUNKLINE_PLAYBOOKS_DIR=str(PROJECT / "playbooks"),
        TRUNKLINE_PROJECT_DIR=str(PROJECT),
        TRUNKLINE_RUNTIME_DIR=str(memory),
        TRUNKLINE_WORKER_IN_API="false",
        TRUNKLINE_HEARTBEAT_S="1",
        TRUNKLINE_STALLED_AFTER_S="12",
        # Killed every few seconds, a stage is begun more often than any machine would let it.
        TRUNKLINE_STAGE_ATTEMPTS="20",
        TRUNKLINE_PLAN_PATIENCE_S="120",
        **environment,
    )
    del made.environment["ANSIBLE_INVENTORY"]
    return made


def _namespaces(lab: Lab) -> list[str]:
    return sorted(path.name for path in Path("/run/netns").iterdir() if lab.name in path.name)


@pytest.mark.timeout(max(900, KILLS * 15))
def test_every_order_is_all_there_or_not_at_all_whatever_is_killed(
    service: Service, lab: Lab, bare_netbox: dict[str, str], state: State, netbox_port: int
) -> None:
    namespaces = _namespaces(lab)
    assert len(namespaces) >= len(lab.nodes)
    chance = random.Random(SEED)
    plant = Plant(service, state, netbox_port, random.Random(SEED))
    placed: list[Placed] = []
    client = Client(service, placed)
    plant.wait_ready()
    try:
        client.call("POST", "/customers", json={"shortcode": "noc", "name": "NREN NOC"})
        for name, (site, role) in NODES.items():
            values = {"name": name, "site": site, "role": role, "management": f"{lab.nodes[name]}/24"}
            client.until_active(product="node-frr", input=values)
        stop = threading.Event()
        streams = [Circuit(Client(service, placed), ends, random.Random(chance.random()), stop) for ends in CIRCUITS]
        for stream in streams:
            stream.start()
        began = time.monotonic()
        _kill(plant, streams)
        lasted = time.monotonic() - began
        stop.set()
        plant.wait_ready()
        _end(plant, streams)
        leaked = proof.in_netbox(client, bare_netbox) + proof.on_routers(client, lab) + proof.in_database(service)
        leaked += proof.of_events(client, placed)
    finally:
        plant.stop()
        client.close()
        service.client.close()
    wait_until(lambda: service.processes() == [], 10)
    leaked += [f"namespace {name}" for name in _namespaces(lab) if name not in namespaces]
    leaked += [f"file {path}" for path in Path(service.environment["TRUNKLINE_RUNTIME_DIR"]).iterdir()]
    outcomes = Counter(order.run["status"] for order in placed)
    say(
        f"chaos, seed {SEED}, {lasted:.0f} s: orders {len(placed)}, kills {sum(plant.kills.values())} "
        f"({', '.join(f'{kind} {count}' for kind, count in sorted(plant.kills.items()))}), "
        f"completed {outcomes['completed']}, rolled back {outcomes['rolled-back']}, "
        f"not begun {outcomes['failed']}, leaked {len(leaked)}"
    )
    assert leaked == [], "\n".join(leaked)
    assert sum(plant.kills.values()) >= KILLS
    # No stream ends before what it asked for last is done.
    assert outcomes["completed"] >= len(NODES) + len(CIRCUITS)
    # One that failed did so before anything was changed.
    assert {order.run["error"]["title"] for order in placed if order.run["status"] == "failed"} <= {"Task failed"}


def _kill(plant: Plant, streams: list[Circuit]) -> None:
    """Kill again and again, and start again what was killed, as systemd or Kubernetes would."""
    while sum(plant.kills.values()) < KILLS:
        until = time.monotonic() + plant.chance.expovariate(1 / _BETWEEN_BURSTS_S)
        while time.monotonic() < until:
            plant.start()
            time.sleep(0.1)
        if sum(plant.kills.values()) >= _NETBOX_DIES_AFTER and not plant.kills["netbox"]:
            plant.kill_netbox()
        for _ in range(plant.chance.choice(_BURST)):
            plant.kill_something()
        assert [stream.error for stream in streams if stream.error] == []


def _end(plant: Plant, streams: list[Circuit]) -> None:
    deadline = time.monotonic() + _ENDS_WITHIN_S
    while any(stream.is_alive() for stream in streams):
        plant.start()
        assert time.monotonic() < deadline, plant.service.log.read_text()[-6000:]
        time.sleep(0.2)
    assert [stream.error for stream in streams if stream.error] == []
