"""Orders that cannot be are refused with what would be right, and change nothing anywhere."""

import os
import subprocess
import sys
from ipaddress import IPv4Network
from pathlib import Path

import pytest
import requests

from tests.lab.network.world import World
from tests.lab.workshop import CORE_LINKS
from trunkline.dev.errors import DevError
from trunkline.dev.state import PROJECT


def test_an_interface_that_does_not_exist_is_refused_with_those_that_do(world: World) -> None:
    changes = world.netbox_changes()
    order = world.circuit("ams-pe:eth99", "par-p:eth5")
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
    taken: list[dict[str, int]] = []
    # Another module of this session may have made a pool of its own.
    for pool in world.netbox("ipam/prefixes", role="core-link", family=4, mask_length__lte=30):
        available = f"{prefixes}{pool['id']}/available-prefixes/"
        free = requests.get(available, headers=headers, timeout=30).json()
        links = sum(2 ** (31 - IPv4Network(prefix["prefix"]).prefixlen) for prefix in free)
        answer = requests.post(available, json=[{"prefix_length": 31}] * links, headers=headers, timeout=60)
        answer.raise_for_status()
        taken += [{"id": made["id"]} for made in answer.json()]
    changes = world.netbox_changes()
    try:
        order = world.circuit("ams-pe:eth6", "par-p:eth6")
        assert order.status == "failed"
        assert CORE_LINKS in order.run["error"]["detail"] or "core-link" in order.run["error"]["detail"]
        assert world.netbox_changes() == changes
    finally:
        requests.delete(prefixes, json=taken, headers=headers, timeout=60).raise_for_status()


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
