"""The NetBox half of the playbooks, as a person runs them."""

import uuid
from collections.abc import Callable
from typing import Any

from tests.netbox.netbox_world import World, playbook
from tests.netbox.orders import extra_vars, stats

NO_DEVICES = ("--skip-tags", "devices")


def order(world: World, product: str, block: dict[str, Any]) -> tuple[str, str]:
    """The extra vars of one order, and its subscription."""
    subscription = str(uuid.uuid4())
    return extra_vars(subscription, product, "provisioning", block), subscription


def node(world: World, name: str, management: str) -> tuple[str, str]:
    block = {
        "name": f"{name}-{world.name}",
        "site": world.site,
        "role": "pe",
        "management": management,
        "vendor": "FRR",
        "device_type": "frr-router",
        "platform": "frr",
    }
    return order(world, "node-frr", block)


def test_bootstrapping_again_changes_nothing(prepared: dict[str, str]) -> None:
    done = playbook(prepared, "netbox_bootstrap", "-e", "@examples/workshop.yml")
    assert done.returncode == 0
    assert "changed=0" in done.stdout


def test_the_first_address_of_a_pool_stays_reserved(world: World) -> None:
    rows = world.session().get("ipam/ip-addresses/", {"address": ["10.0.127.1/32", "fc00:0:0:127::1/128"]})["results"]
    assert [row["status"]["value"] for row in rows] == ["reserved", "reserved"]


def test_orders_go_into_netbox_and_out_again(
    world: World, prepared: dict[str, str], management: Callable[[], str]
) -> None:
    # The other end is made without a playbook: each costs seconds.
    world.run(world.node("z", management=management()))
    extra, owner = node(world, "a", management())
    planned = stats(playbook(prepared, "node_provision", "-e", extra, "--check", *NO_DEVICES))
    assert world.count(owner) == {}
    learned = stats(playbook(prepared, "node_provision", "-e", extra, *NO_DEVICES))
    # The order of independent operations may differ: the addresses were free when the plan was made.
    assert len(planned["plan"]["netbox"]) == len(learned["plan"]["netbox"]) == 8
    assert planned["plan"]["netbox"][-1] == learned["plan"]["netbox"][-1]
    assert set(learned["subscription"]["block"]) == {"netbox_id", "loopback_ipv4", "loopback_ipv6"}
    ends = {side: {"node": f"{side}-{world.name}", "interface": "eth1"} for side in ("a", "z")}
    circuit, subscription = order(
        world,
        "core-circuit-10g",
        {**ends, "isis_metric": 10, "under_maintenance": False, "speed_mbps": 10000},
    )
    made = stats(playbook(prepared, "circuit_provision", "-e", circuit, *NO_DEVICES))
    assert set(made["subscription"]["block"]["a"]) == {"node", "interface", "netbox_interface_id", "ipv4", "ipv6"}
    record = world.owned(subscription)["circuits.circuit"][0]
    assert (record["status"], record["id"]) == ("active", made["subscription"]["block"]["netbox_id"])
    refused = playbook(prepared, "node_terminate", "-e", extra, *NO_DEVICES)
    assert refused.returncode != 0
    assert f"still in use by circuit {record['cid']} on eth1" in " ".join(refused.stdout.split())
    gone = stats(playbook(prepared, "circuit_terminate", "-e", circuit, *NO_DEVICES))
    assert {item["op"] for item in gone["plan"]["netbox"] if item["type"] != "dcim.interface"} == {"delete"}
    stats(playbook(prepared, "node_terminate", "-e", extra, *NO_DEVICES))
    assert world.count(owner) == world.count(subscription) == {}


def test_a_wrong_token_is_told_in_one_sentence(prepared: dict[str, str]) -> None:
    wrong = {**prepared, "NETBOX_TOKEN": "nbt_000000000000.0000000000000000000000000000000000000000"}
    done = playbook(wrong, "netbox_bootstrap", "-e", "@examples/workshop.yml")
    assert done.returncode != 0
    assert "refused the token" in done.stdout
    assert "Check NETBOX_TOKEN" in " ".join(done.stdout.split())
    assert "0000000000000000000000000000000000000000" not in done.stdout + done.stderr
