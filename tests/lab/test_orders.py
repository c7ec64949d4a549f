"""The whole way: an order over REST becomes NetBox objects, router configuration, and a network that forwards."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests
import yaml
from rich.console import Console

from tests.lab.conftest import brought_up
from trunkline.catalog import PRODUCTS
from trunkline.dev import proof
from trunkline.dev.errors import DevError
from trunkline.dev.lab import Lab
from trunkline.dev.lab.topology import LINK_MTU
from trunkline.dev.orders import Client, Order
from trunkline.dev.scenario import Scenario
from trunkline.dev.stack import Ports, Stack
from trunkline.dev.state import PROJECT, State
from trunkline.settings import Settings

TOPOLOGY = PROJECT / "inventory/lab.clab.yml"


class World:
    """A running stack, and the few looks at it that the tests take."""

    def __init__(self, stack: Stack, scenario: Scenario) -> None:
        self.stack = stack
        self.scenario = scenario
        self.exports = stack.exports()
        self.client = Client(stack.api_url, self.exports["TRUNKLINE_TOKEN"])

    def place(self, orders: list[Order]) -> None:
        self.client.place(orders, "noc", lambda: None)

    def order(self, name: str, product: str, **values: Any) -> Order:
        order = Order(name, product, values)
        self.place([order])
        return order

    def circuit(self, a: str, z: str, **values: Any) -> Order:
        ends = {
            end: dict(zip(("node", "interface"), text.split(":"), strict=True)) for end, text in (("a", a), ("z", z))
        }
        return self.order(f"{a} - {z}", "core-circuit-10g", **ends, **values)

    def api(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.exports['TRUNKLINE_TOKEN']}"}
        return requests.request(method, f"{self.stack.api_url}/api/v1/{path}", headers=headers, timeout=30, **options)

    def netbox(self, path: str, **params: Any) -> list[dict[str, Any]]:
        answer = requests.get(
            f"{self.exports['NETBOX_URL']}/api/{path}/",
            params={"limit": 0, **params},
            headers={"Authorization": f"Bearer {self.exports['NETBOX_TOKEN']}"},
            timeout=30,
        )
        answer.raise_for_status()
        results: list[dict[str, Any]] = answer.json()["results"]
        return results

    def netbox_changes(self) -> int:
        """The id of NetBox's newest change."""
        return int(self.netbox("core/object-changes", limit=1)[0]["id"])

    def subscription(self, description: str) -> dict[str, Any]:
        (found,) = self.api("GET", "subscriptions", params={"description": description, "status": "active"}).json()[
            "items"
        ]
        return dict(found)

    def modify(self, subscription: dict[str, Any], **values: Any) -> Order:
        run = self.api("PATCH", f"subscriptions/{subscription['id']}", json={"input": values}).json()
        order = Order(subscription["description"], subscription["product"], values, run=run)
        self.client.wait([order], lambda: None)
        return order

    def wait_for(self, run: dict[str, Any], event: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Until the run has such an event; returns it."""
        deadline = time.monotonic() + 60
        while True:
            items = self.api("GET", f"runs/{run['id']}/events", params={"limit": 1000}).json()["items"]
            if found := next((item for item in items if event(item)), None):
                return dict(found)
            assert time.monotonic() < deadline, items[-3:]
            time.sleep(0.1)

    def task(self, name: str, **values: Any) -> Order:
        run = self.api("POST", f"tasks/{name}", json={"input": values}).json()
        order = Order(name, "", values, run=run)
        self.client.wait([order], lambda: None)
        return order

    def wait_for_hops(self, path: list[str]) -> None:
        """Until a ping from ams-pe to lon-pe passes these routers: IS-IS tells of a metric within a second or two."""
        deadline = time.monotonic() + 10
        while (passed := proof.hops(self.stack.lab, path[0], path[-1], version=4)) != path:
            assert time.monotonic() < deadline, passed

    def playbook(
        self, name: str, subscription: dict[str, Any], *options: str, **changes: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run a playbook for a subscription, as a person does who has no service."""
        block = PRODUCTS[subscription["product"]].for_playbook(subscription["block"] | changes)
        order = {key: subscription[key] for key in ("id", "product", "status", "customer")} | {"block": block}
        command = [str(Path(sys.executable).with_name("ansible-playbook")), f"playbooks/{name}.yml", *options]
        return subprocess.run(
            [*command, "-e", json.dumps({"subscription": order})],
            cwd=PROJECT,
            env=os.environ | self.exports | {"ANSIBLE_NOCOLOR": "1", "TRUNKLINE_URL": ""},
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )

    @contextmanager
    def pings(self, source: str, destination: str) -> Iterator[list[int]]:
        """Ping from loopback to loopback ten times a second; the list has how many were sent and lost at the end."""
        addresses = [
            self.netbox("dcim/devices", name=name)[0]["primary_ip4"]["address"].partition("/")[0]
            for name in (source, destination)
        ]
        log, count = "/var/log/frr/ping.log", list[int]()
        ping = f"ping -n -i 0.1 -W 1 -I {addresses[0]} {addresses[1]} > {log} 2>&1 & echo $!"
        pid = self.stack.lab.exec(source, ["sh", "-c", ping]).strip()
        try:
            yield count
        finally:
            self.stack.lab.exec(source, ["kill", "-INT", pid])
        text = self.stack.lab.exec(source, ["sh", "-c", f"tail --pid={pid} -f /dev/null; cat {log}"])
        sent, received = re.findall(r"(\d+) packets transmitted, (\d+) received", text)[0]
        count += [int(sent), int(sent) - int(received)]

    def documented_metric(self, circuit: dict[str, Any]) -> int:
        (found,) = self.netbox("circuits/circuits", cid=circuit["block"]["cid"])
        return int(found["custom_fields"]["trunkline_isis_metric"])

    def configurations(self) -> dict[str, str]:
        return {
            node: self.stack.lab.exec(node, ["vtysh", "-c", "show running-config"]) for node in self.stack.lab.nodes
        }


def changed_lines(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The lines that a playbook's diffs add or remove, in NetBox and on the routers."""
    return sorted(re.findall(r"^(?:[+-](?![+-])\s+.*)$", done.stdout, re.MULTILINE))


def terminate_everything(world: World) -> None:
    """Order the end of all that lives; neither NetBox nor a router keeps anything of it."""
    for product in ("core-circuit-10g", "node-frr"):
        wanted = {"product": product, "status": "active,initial"}
        orders = [
            Order(item["description"], product, {}, run=world.api("DELETE", f"subscriptions/{item['id']}").json())
            for item in world.api("GET", "subscriptions", params=wanted).json()["items"]
        ]
        world.client.wait(orders, lambda: None)
        assert {order.status for order in orders} == {"completed"}, [order.run.get("error") for order in orders]
    for path in ("dcim/devices", "circuits/circuits", "dcim/cables"):
        assert world.netbox(path, tag="trunkline") == []
    for configuration in world.configurations().values():
        assert "isis" not in configuration
        assert "ip address" not in configuration


@pytest.fixture(scope="module")
def world(
    lab: Lab,
    bare_netbox: dict[str, str],
    netbox_port: int,
    free_port: int,
    state: State,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    """The workshop's network, ordered over REST, on routers of this session's own."""
    content = yaml.safe_load((PROJECT / "examples/workshop.yml").read_text())
    for node in content["nodes"]:
        node["management"] = f"{lab.nodes[node['name']]}/24"
    # Room for four circuits: three of the scenario, and one for the test that finds it taken.
    content["pools"] = [
        {**pool, "prefix": "10.0.1.0/29"} if pool["prefix"] == "10.0.1.0/24" else pool
        for pool in content["pools"]
        if pool["role"] != "management"
    ]
    file = tmp_path_factory.mktemp("scenario") / "workshop.yml"
    file.write_text(yaml.safe_dump(content))
    stack = Stack(state, TOPOLOGY, lab, Ports(api=free_port, netbox=netbox_port))
    with brought_up(stack, file):
        world = World(stack, Scenario.load(file))
        world.client.ensure_customers(world.scenario)
        for orders in world.client.orders(world.scenario):
            world.place(orders)
            assert [order.status for order in orders] == ["completed"] * len(orders), [
                order.run.get("error") for order in orders
            ]
        yield world
        world.client.close()


def test_the_routers_talk_along_the_path_that_was_ordered(world: World) -> None:
    console = Console(record=True, width=120)
    assert proof.show(world.stack.lab, world.scenario, console)
    text = console.export_text()
    assert text.count("ams-pe -> par-p -> lon-pe") == 2
    assert text.count(" Up ") == 6


def test_an_order_is_documented_in_netbox_as_active_under_its_subscription(world: World) -> None:
    subscriptions = {item["id"]: item for item in world.api("GET", "subscriptions").json()["items"]}
    assert {item["status"] for item in subscriptions.values()} == {"active"}
    documented = world.netbox("dcim/devices", tag="trunkline") + world.netbox("circuits/circuits", tag="trunkline")
    assert {item["status"]["value"] for item in documented} == {"active"}
    assert {item["custom_fields"]["trunkline_subscription"] for item in documented} == set(subscriptions)


def test_metrics_tell_of_real_pushes_and_requests(world: World) -> None:
    headers = {"Authorization": f"Bearer {world.exports['TRUNKLINE_TOKEN']}"}
    text = requests.get(f"{world.stack.api_url}/metrics", headers=headers, timeout=30).text

    def total(metric: str, stage: str) -> float:
        lines = [line for line in text.splitlines() if line.startswith(metric) and f'stage="{stage}"' in line]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    # Each node is pushed once, and each circuit to both of its ends; a plan pushes nothing.
    orders = len(world.scenario.nodes) + 2 * len(world.scenario.circuits)
    assert total("trunkline_push_seconds_count", "apply") >= orders
    assert total("trunkline_push_seconds_count", "plan") == 0
    assert 0 < total("trunkline_push_seconds_sum", "apply") < total("trunkline_stage_seconds_sum", "apply")
    assert total("trunkline_netbox_requests_total", "plan") > 0
    assert total("trunkline_netbox_requests_total", "apply") > 0


def test_what_was_learned_stands_in_the_subscription(world: World) -> None:
    (node,) = world.api("GET", "subscriptions", params={"description": "Node ams-pe at ams"}).json()["items"]
    (device,) = world.netbox("dcim/devices", name="ams-pe")
    assert node["block"]["netbox_id"] == device["id"]
    assert node["block"]["loopback_ipv4"] == device["primary_ip4"]["address"]
    assert node["block"]["loopback_ipv6"] == device["primary_ip6"]["address"]


def test_a_run_keeps_its_steps_its_events_and_its_plan(world: World) -> None:
    (run, *_) = world.api("GET", "runs", params={"target": "create", "sort": "-created_at"}).json()["items"]
    detail = world.api("GET", f"runs/{run['id']}").json()
    assert {"plan", "apply"} <= {step["stage"] for step in detail["steps"]}
    assert all(step["finished_at"] for step in detail["steps"])
    plan = world.api("GET", f"runs/{run['id']}/plan").json()
    assert {operation["type"] for operation in plan["netbox"]} >= {"circuits.circuit", "dcim.cable", "ipam.prefix"}
    assert any("+ ip address" in diff or "+  ip address" in diff for diff in plan["devices"].values()), plan["devices"]
    assert world.api("GET", f"runs/{run['id']}/events").json()["items"]


def test_ordering_the_same_again_changes_nothing(world: World) -> None:
    changes, configurations = world.netbox_changes(), world.configurations()
    orders = [order for group in world.client.orders(world.scenario) for order in group]
    world.place(orders)
    assert [(order.run["target"], order.run["drift"]) for order in orders] == [("validate", False)] * 6
    assert world.netbox_changes() == changes
    assert world.configurations() == configurations


def test_the_readme_s_tour_moves_the_traffic_away_and_an_order_moves_it_back(world: World) -> None:
    tour = (PROJECT / "README.md").read_text().split("**Move the traffic away.**")[1].split("**Do it without")[0]
    commands = "\n".join(line[4:] for line in tour.splitlines() if line.startswith("    "))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        env=os.environ | world.exports | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert "isis metric 15000000" in done.stdout
    world.wait_for_hops(["ams-pe", "lon-pe"])
    circuit = world.subscription("Core circuit ams-pe:eth1 - par-p:eth2")
    # Approved: computed once more, a plan on a network that has not changed is the same.
    body = {"input": {"under_maintenance": False}, "approval": "manual"}
    run = world.api("PATCH", f"subscriptions/{circuit['id']}", json=body).json()
    world.wait_for(run, lambda event: event["payload"].get("status") == "awaiting-approval")
    assert world.api("POST", f"runs/{run['id']}/approve").status_code == 202
    order = Order(circuit["description"], circuit["product"], {}, run=run)
    world.client.wait([order], lambda: None)
    assert order.status == "completed"
    assert world.api("GET", f"runs/{run['id']}/plan").json()["previous"] is None
    world.wait_for_hops(["ams-pe", "par-p", "lon-pe"])


def test_maintenance_moves_the_traffic_away_and_back_with_at_most_one_lost_ping(world: World) -> None:
    around, direct = ["ams-pe", "par-p", "lon-pe"], ["ams-pe", "lon-pe"]
    circuit = world.subscription("Core circuit ams-pe:eth1 - par-p:eth2")
    world.wait_for_hops(around)
    with world.pings("ams-pe", "lon-pe") as lost:
        assert world.modify(circuit, under_maintenance=True).status == "completed"
        world.wait_for_hops(direct)
        assert " isis metric 15000000" in world.configurations()["par-p"]
        assert world.modify(circuit, under_maintenance=False).status == "completed"
        world.wait_for_hops(around)
    sent, gone = lost
    assert sent > 50
    assert gone <= 1, f"{gone} of {sent} pings lost"


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
    for node in world.stack.lab.nodes:
        assert found[f"router {node}"]["found"].startswith("FRR ")
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
    for metric in (55, 10):
        answer = requests.patch(
            edited, json={"custom_fields": {"trunkline_isis_metric": metric}}, headers=headers, timeout=30
        )
        answer.raise_for_status()
        done = world.playbook("circuit_provision", circuit, "--check", "--diff")
        assert done.returncode == 0, done.stdout
        assert changed_lines(done) == ([] if metric == 10 else ["+  isis_metric: 10", "-  isis_metric: 55"])


def test_what_somebody_changed_on_a_router_is_found_and_put_back(world: World) -> None:
    before = world.configurations()
    world.stack.lab.exec(
        "par-p", ["vtysh", "-c", "configure terminal", "-c", "interface eth1", "-c", "description mine", "-c", "end"]
    )
    _nodes, circuits = world.client.orders(world.scenario)
    world.place(circuits)
    assert [order.run["target"] for order in circuits].count("resync") >= 1
    assert [order.run["error"] for order in circuits if order.status != "completed"] == []
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


def test_an_interface_that_does_not_exist_is_refused_with_those_that_do(world: World) -> None:
    changes = world.netbox_changes()
    order = world.circuit("ams-pe:eth99", "par-p:eth3")
    assert order.status == "failed"
    assert "eth99" in order.run["error"]["detail"]
    assert "eth3" in order.run["error"]["detail"]
    assert world.netbox_changes() == changes


def test_an_interface_that_only_netbox_knows_is_refused_before_anything_is_made(world: World) -> None:
    changes, configurations = world.netbox_changes(), world.configurations()
    order = world.circuit("ams-pe:eth7", "par-p:eth7")
    assert order.status == "failed"
    assert "eth7" in order.run["error"]["detail"]
    assert world.netbox_changes() == changes
    assert world.configurations() == configurations


def test_a_node_that_does_not_exist_is_refused_at_once(world: World) -> None:
    with pytest.raises(DevError, match="nowhere"):
        world.circuit("nowhere:eth1", "par-p:eth3")


def test_an_exhausted_pool_is_named_and_nothing_is_made(world: World) -> None:
    headers = {"Authorization": f"Bearer {world.exports['NETBOX_TOKEN']}"}
    prefixes = f"{world.exports['NETBOX_URL']}/api/ipam/prefixes/"
    (pool,) = world.netbox("ipam/prefixes", prefix="10.0.1.0/29")
    taken = requests.post(
        f"{prefixes}{pool['id']}/available-prefixes/", json={"prefix_length": 31}, headers=headers, timeout=30
    )
    taken.raise_for_status()
    changes = world.netbox_changes()
    try:
        order = world.circuit("ams-pe:eth4", "par-p:eth4")
        assert order.status == "failed"
        assert "10.0.1.0/29" in order.run["error"]["detail"] or "core-link" in order.run["error"]["detail"]
        assert world.netbox_changes() == changes
    finally:
        requests.delete(f"{prefixes}{taken.json()['id']}/", headers=headers, timeout=30).raise_for_status()


def test_a_router_that_does_not_answer_is_named_and_the_plan_is_made_when_it_does(world: World) -> None:
    circuit = world.subscription("Core circuit par-p:eth1 - lon-pe:eth2")
    changes = world.netbox_changes()
    lab = world.stack.lab
    lab.exec("lon-pe", ["pkill", "-x", "sshd"])
    try:
        body = {"input": {"isis_metric": 77}, "plan_only": True}
        run = world.api("PATCH", f"subscriptions/{circuit['id']}", json=body).json()
        again = world.wait_for(run, lambda event: "error" in event["payload"])
    finally:
        lab.exec("lon-pe", ["/usr/sbin/sshd", "-f", "/etc/ssh/sshd_config", "-E", "/var/log/frr/sshd.log"])
    assert (again["payload"]["status"], again["payload"]["error"]["host"]) == ("queued", "lon-pe")
    order = Order(circuit["description"], circuit["product"], {}, run=run)
    world.client.wait([order], lambda: None)
    assert order.status == "completed"
    assert "77" in world.api("GET", f"runs/{run['id']}/plan").json()["devices"]["lon-pe"]
    assert world.netbox_changes() == changes
    after = world.api("GET", f"subscriptions/{circuit['id']}").json()
    assert (after["status"], after["block"]["isis_metric"]) == ("active", 10)


def test_a_router_that_cannot_keep_its_configuration_takes_the_whole_order_back(world: World) -> None:
    circuit = world.subscription("Core circuit ams-pe:eth2 - lon-pe:eth1")
    metric, configurations = world.documented_metric(circuit), world.configurations()
    world.stack.lab.exec("ams-pe", ["mount", "-o", "remount,bind,ro", "/etc/frr"])
    try:
        order = world.modify(circuit, isis_metric=77)
    finally:
        world.stack.lab.exec("ams-pe", ["mount", "-o", "remount,bind,rw", "/etc/frr"])
    assert order.status == "rolled-back", order.run["error"]
    assert order.run["error"]["host"] == "ams-pe"
    assert world.configurations() == configurations
    assert world.documented_metric(circuit) == metric == 30


def test_without_the_service_a_router_that_refuses_leaves_all_as_it_was(world: World) -> None:
    circuit = world.subscription("Core circuit ams-pe:eth2 - lon-pe:eth1")
    before = world.configurations(), world.documented_metric(circuit)
    world.stack.lab.exec("lon-pe", ["mount", "-o", "remount,bind,ro", "/etc/frr"])
    try:
        changed = world.playbook("circuit_provision", circuit, isis_metric=77)
        removed = world.playbook("circuit_terminate", circuit)
    finally:
        world.stack.lab.exec("lon-pe", ["mount", "-o", "remount,bind,rw", "/etc/frr"])
    for done in (changed, removed):
        assert done.returncode != 0
        said = " ".join(done.stdout.split())
        assert "lon-pe: /etc/frr cannot be written (Read-only file system)" in said
        assert "Routers and NetBox are left as they were" in said
    assert (world.configurations(), world.documented_metric(circuit)) == before


def test_without_the_service_a_circuit_that_does_not_work_is_not_made_and_one_that_does_is(world: World) -> None:
    circuit = world.subscription("Core circuit ams-pe:eth2 - lon-pe:eth1")
    with_circuit = world.configurations()
    removed = world.playbook("circuit_terminate", circuit)
    assert removed.returncode == 0, removed.stdout
    without, documented = world.configurations(), world.netbox("circuits/circuits", tag="trunkline")
    assert "interface eth1\n description" not in without["lon-pe"]

    new = circuit | {"status": "provisioning"}
    # Hellos are padded to the link's size, which one end does not take: they do not arrive, and all else does.
    world.stack.lab.exec("ams-pe", ["ip", "link", "set", "eth2", "mtu", "1500"])
    try:
        failed = world.playbook("circuit_provision", new, "-e", "verify_timeout_s=2")
    finally:
        world.stack.lab.exec("ams-pe", ["ip", "link", "set", "eth2", "mtu", str(LINK_MTU)])
    assert failed.returncode != 0, failed.stdout
    assert "IS-IS adjacency expected Up with ams-pe, found " in " ".join(failed.stdout.split())
    assert world.configurations() == without
    assert world.netbox("circuits/circuits", tag="trunkline") == documented
    for kind in ("dcim/cables", "ipam/prefixes", "ipam/ip-addresses"):
        assert world.netbox(kind, cf_trunkline_subscription=circuit["id"]) == []

    made = world.playbook("circuit_provision", new)
    assert made.returncode == 0, made.stdout
    assert world.configurations() == with_circuit


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"NETBOX_TOKEN": "nbt_abcdefghijkl.0123456789012345678901234567890123456789"}, "NETBOX_TOKEN"),
        ({"NETBOX_URL": "http://127.0.0.1:9"}, "NETBOX_URL"),
    ],
)
def test_without_a_netbox_that_lets_us_in_a_playbook_says_which_setting_to_mend(
    world: World, change: dict[str, str], complaint: str
) -> None:
    environment = os.environ | world.exports | change
    result = subprocess.run(
        [
            Path(sys.executable).with_name("ansible-playbook"),
            "playbooks/node_provision.yml",
            "-e",
            "@examples/ams-pe.yml",
        ],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert result.returncode != 0
    assert complaint in result.stdout
    assert change.get("NETBOX_TOKEN", "no token") not in result.stdout + result.stderr


def test_terminating_everything_gives_netbox_and_the_routers_back(world: World) -> None:
    terminate_everything(world)


def test_the_whole_network_is_ordered_and_proved_in_two_requests(world: World) -> None:
    for group in world.client.orders(world.scenario):
        wanted = [{"product": order.product, "customer": "noc", "input": order.input} for order in group]
        answer = world.api("POST", "subscriptions/batch", json={"orders": wanted}).json()
        batches = [Order("batch", "", {}, run=world.api("GET", f"runs/{one}").json()) for one in answer["batches"]]
        world.client.wait(batches, lambda: None)
        assert [order.status for order in batches] == ["completed"], [order.run["error"] for order in batches]
        for order in answer["orders"]:
            assert world.api("GET", f"subscriptions/{order['subscription']['id']}").json()["status"] == "active"
    console = Console(record=True, width=120)
    assert proof.show(world.stack.lab, world.scenario, console)
    orders = [order for group in world.client.orders(world.scenario) for order in group]
    world.place(orders)
    assert [(order.run["target"], order.run["drift"]) for order in orders] == [("validate", False)] * 6
    terminate_everything(world)
