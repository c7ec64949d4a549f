"""The whole way: an order over REST becomes NetBox objects, router configuration, and a network that forwards."""

import os
import subprocess
import sys
from pathlib import Path

import requests
from rich.console import Console

from tests.lab.network.world import World
from trunkline.dev import proof
from trunkline.dev.orders import Order
from trunkline.dev.state import PROJECT


def test_the_whole_network_is_ordered_in_two_requests(world: World) -> None:
    assert [(len(batch["batches"]), len(batch["orders"])) for batch in world.batches] == [(1, 3), (1, 3)]
    for order in (order for batch in world.batches for order in batch["orders"]):
        assert world.api("GET", f"runs/{order['run']}").json()["status"] == "completed"
        assert world.api("GET", f"subscriptions/{order['subscription']['id']}").json()["status"] == "active"


def test_the_routers_talk_along_the_path_that_was_ordered(world: World) -> None:
    console = Console(record=True, width=120)
    assert proof.show(world.stack.lab, world.scenario, console)
    text = console.export_text()
    assert text.count("ams-pe -> par-p -> lon-pe") == 2
    assert text.count(" Up ") == 6


def test_an_order_is_documented_in_netbox_as_active_under_its_subscription(world: World) -> None:
    subscriptions = [order["subscription"]["id"] for batch in world.batches for order in batch["orders"]]
    documented = world.netbox("dcim/devices", tag="trunkline") + world.netbox("circuits/circuits", tag="trunkline")
    assert {item["status"]["value"] for item in documented} == {"active"}
    assert {item["custom_fields"]["trunkline_subscription"] for item in documented} == set(subscriptions)


def test_metrics_tell_of_real_pushes_and_requests(world: World) -> None:
    headers = {"Authorization": f"Bearer {world.exports['TRUNKLINE_TOKEN']}"}
    text = requests.get(f"{world.stack.api_url}/metrics", headers=headers, timeout=30).text

    def total(metric: str, stage: str) -> float:
        lines = [line for line in text.splitlines() if line.startswith(metric) and f'stage="{stage}"' in line]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    # Each router is pushed once for its node, and once for its circuits; a plan pushes nothing.
    assert total("trunkline_push_seconds_count", "apply") >= 2 * len(world.scenario.nodes)
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
    (run,) = world.batches[-1]["batches"]
    detail = world.api("GET", f"runs/{run}").json()
    assert {"plan", "apply"} <= {step["stage"] for step in detail["steps"]}
    assert all(step["finished_at"] for step in detail["steps"])
    plan = world.api("GET", f"runs/{run}/plan").json()
    assert {operation["type"] for operation in plan["netbox"]} >= {"circuits.circuit", "dcim.cable", "ipam.prefix"}
    assert any("+ ip address" in diff or "+  ip address" in diff for diff in plan["devices"].values()), plan["devices"]
    assert world.api("GET", f"runs/{run}/events").json()["items"]


def test_ordering_the_same_again_changes_nothing(world: World) -> None:
    changes, configurations = world.netbox_changes(), world.configurations()
    orders = [order for group in world.client.orders(world.scenario) for order in group]
    world.place(orders)
    assert [(order.run["target"], order.run["drift"]) for order in orders] == [("validate", False)] * 6
    assert world.netbox_changes() == changes
    assert world.configurations() == configurations


def test_the_readme_s_tour_moves_the_traffic_away_and_an_order_moves_it_back_with_at_most_one_lost_ping(
    world: World,
) -> None:
    around, direct = ["ams-pe", "par-p", "lon-pe"], ["ams-pe", "lon-pe"]
    circuit = world.subscription("Core circuit ams-pe:eth1 - par-p:eth2")
    world.wait_for_hops(around)
    with world.pings("ams-pe", "lon-pe") as lost:
        assert "isis metric 15000000" in take_the_tour(world)
        world.wait_for_hops(direct)
        assert " isis metric 15000000" in world.configurations()["par-p"]
        # Approved: computed once more, a plan on a network that has not changed is the same.
        before = world.logins("ams-pe")
        body = {"input": {"under_maintenance": False}, "approval": "manual"}
        run = world.api("PATCH", f"subscriptions/{circuit['id']}", json=body).json()
        world.wait_for(run, lambda event: event["payload"].get("status") == "awaiting-approval")
        assert world.api("POST", f"runs/{run['id']}/approve").status_code == 202
        order = Order(circuit["description"], circuit["product"], {}, run=run)
        world.client.wait([order], lambda: None)
        assert order.status == "completed"
        world.wait_for_hops(around)
        # All launches of a run share its connections.
        assert world.logins("ams-pe") == before + 1
    assert world.api("GET", f"runs/{run['id']}/plan").json()["previous"] is None
    sent, gone = lost
    assert sent > 50
    assert gone <= 1, f"{gone} of {sent} pings lost"


def take_the_tour(world: World) -> str:
    """Type what the README says of moving the traffic; returns what is shown."""
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
    return done.stdout
