"""What differs from what was ordered is found, told line by line, and put back; what does not is left alone."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import requests

from tests.lab.network.world import World, changed_lines
from trunkline.settings import Settings


def test_an_untouched_network_shows_no_drift(world: World) -> None:
    for playbook, description in (
        ("node_provision", "Node ams-pe at ams"),
        ("circuit_provision", "Core circuit ams-pe:eth1 - par-p:eth2"),
    ):
        done = world.playbook(playbook, world.subscription(description), "--check", "--diff")
        assert done.returncode == 0, done.stdout
        assert set(re.findall(r"changed=(\d+)", done.stdout)) == {"0"}
        assert changed_lines(done) == []


def test_the_doctor_is_content_and_reconcile_names_what_differs(world: World) -> None:
    def run(*arguments: str) -> tuple[int, Any]:
        command = [str(Path(sys.executable).with_name("trunkline")), *arguments, "--json"]
        done = subprocess.run(
            command, env=os.environ | world.exports, capture_output=True, text=True, check=False, timeout=200
        )
        return done.returncode, json.loads(done.stdout or "null")

    code, checks = run("doctor", "--devices")
    found = {check["name"]: check for check in checks}
    assert (code, [check for check in checks if check["state"] == "wrong"]) == (0, [])
    assert found["NetBox permissions"]["state"] == found["workers"]["state"] == "ok"
    for node in world.scenario.nodes:
        assert found[f"router {node.name}"]["found"].startswith("FRR ")
    assert run("reconcile", "--report") == (0, [])
    circuit = world.subscription("Core circuit par-p:eth1 - lon-pe:eth2")
    libpq_url = Settings(database_url=world.exports["TRUNKLINE_DATABASE_URL"]).libpq_url
    with psycopg.connect(libpq_url) as connection:
        # Lost, as after the restore of a backup that is older than the order.
        for statement in (
            "DELETE FROM idempotency_keys WHERE run_id IN (SELECT id FROM runs WHERE subscription_id = %(id)s)",
            "DELETE FROM changes WHERE subscription_id = %(id)s",
            "UPDATE runs SET subscription_id = NULL WHERE subscription_id = %(id)s",
            "DELETE FROM subscriptions WHERE id = %(id)s",
        ):
            connection.execute(statement, {"id": circuit["id"]})
    code, found = run("reconcile", "--report")
    assert (code, [(item["subscription"], item["what"]) for item in found]) == (7, [(circuit["id"], "unknown here")])
    assert run("reconcile", "--adopt", "noc") == (0, [])
    again = world.subscription("Core circuit par-p:eth1 - lon-pe:eth2")
    assert {name: again[name] for name in ("id", "product", "status")} == {
        name: circuit[name] for name in ("id", "product", "status")
    }
    assert again["block"] == circuit["block"]


def test_drift_is_reported_line_by_line_and_mended(world: World) -> None:
    circuit = world.subscription("Core circuit par-p:eth1 - lon-pe:eth2")
    end = circuit["block"]["a"]
    before = world.configurations()
    changes = [
        "interface eth1",
        "description mine",
        f"no ip address {end['ipv4']}",
        "isis metric 77",
        "ipv6 nd ra-interval 30",  # a line that nobody ordered, in an interface that is ours
        "interface lo",
        "description also mine",
    ]
    vtysh = [word for line in ("configure terminal", *changes) for word in ("-c", line)]
    world.stack.lab.exec("par-p", ["vtysh", *vtysh])
    done = world.playbook("circuit_provision", circuit, "--check", "--diff")
    assert done.returncode == 0, done.stdout
    (description,) = re.findall(r"^interface eth1\n description (.*)$", before["par-p"], re.MULTILINE)
    assert changed_lines(done) == sorted(
        [
            "- description mine",
            f"+ description {description}",
            f"+ ip address {end['ipv4']}",
            "- isis metric 77",
            "- ipv6 nd ra-interval 30",
            "- description also mine",
        ]
    )
    assert re.findall(r"^(\S+) .*changed=1", done.stdout, re.MULTILINE) == ["par-p"]
    mended = world.playbook("circuit_provision", circuit)
    assert mended.returncode == 0, mended.stdout
    assert world.configurations() == before


def test_what_somebody_edited_in_netbox_is_reported_and_nothing_else(world: World) -> None:
    circuit = world.subscription("Core circuit par-p:eth1 - lon-pe:eth2")
    headers = {"Authorization": f"Bearer {world.exports['NETBOX_TOKEN']}"}
    edited = f"{world.exports['NETBOX_URL']}/api/circuits/circuits/{circuit['block']['netbox_id']}/"

    def edit(metric: int) -> None:
        values = {"custom_fields": {"trunkline_isis_metric": metric}}
        requests.patch(edited, json=values, headers=headers, timeout=30).raise_for_status()

    edit(55)
    done = world.playbook("circuit_provision", circuit, "--check", "--diff")
    edit(10)
    assert done.returncode == 0, done.stdout
    assert changed_lines(done) == ["+  isis_metric: 10", "-  isis_metric: 55"]


def test_what_somebody_changed_on_a_router_is_found_and_put_back(world: World) -> None:
    before = world.configurations()
    world.stack.lab.exec(
        "par-p", ["vtysh", "-c", "configure terminal", "-c", "interface eth1", "-c", "description mine", "-c", "end"]
    )
    _nodes, circuits = world.client.orders(world.scenario)
    (circuit,) = [order for order in circuits if order.input["a"] == {"node": "par-p", "interface": "eth1"}]
    world.place([circuit])
    assert (circuit.run["target"], circuit.status) == ("resync", "completed"), circuit.run["error"]
    assert world.configurations() == before


def test_ports_of_a_node_are_documented_as_it_reports_them(world: World) -> None:
    order = world.task("sync-ports", node="ams-pe")
    assert order.status == "completed", order.run["error"]
    assert {item["name"] for item in world.netbox("dcim/interfaces", device="ams-pe")} >= {"eth1", "eth2"}
    again = world.task("sync-ports", node="ams-pe")
    assert world.api("GET", f"runs/{again.run['id']}/plan").json()["netbox"] == []


def test_the_scenario_s_bootstrap_is_a_task_that_finds_all_in_place(world: World) -> None:
    scenario = world.scenario
    order = world.task(
        "bootstrap-netbox",
        pools=scenario.pools,
        sites=scenario.sites,
        isis=scenario.isis,
        maintenance_metric=scenario.maintenance_metric,
    )
    assert order.status == "completed", order.run["error"]
    assert world.api("GET", f"runs/{order.run['id']}/plan").json()["netbox"] == []
