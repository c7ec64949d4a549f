"""The inventory of the routers that subscriptions own, from the real NetBox."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.trunkline.network.plugins.module_utils.addresses import bare
from ansible_collections.trunkline.network.plugins.module_utils.netbox_node import NodeOrder
from tests.netbox.netbox_world import ROOT, World

Routers = tuple[NodeOrder, NodeOrder]
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def routers(standing: World, management: Callable[[], str]) -> Routers:
    """One with a management address and one without."""
    managed, plain = standing.node("managed", management=management()), standing.node("plain")
    standing.run(managed)
    standing.run(plain)
    return managed, plain


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "ansible-inventory"), *arguments]
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def listed(netbox: dict[str, str], path: Path = ROOT / "inventory/netbox.yml") -> dict[str, Any]:
    done = run("-i", str(path), "--list", **netbox)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    found: dict[str, Any] = json.loads(done.stdout, object_hook=lambda item: item.get("__ansible_unsafe", item))
    return found


def config(folder: Path, **options: Any) -> Path:
    """An inventory file of one's own; JSON is YAML."""
    path = folder / "netbox.yml"
    path.write_text(json.dumps({"plugin": "trunkline.network.netbox", **options}))
    return path


def test_routers_are_grouped_and_reachable(standing: World, prepared: dict[str, str], routers: Routers) -> None:
    managed, plain = (order.name for order in routers)
    found = listed(prepared)
    groups = ("frr", "role_pe", f"site_{standing.site.replace('-', '_')}")
    assert all({managed, plain} <= set(found[group]["hosts"]) for group in groups)
    assert found["devices"]["children"] == ["frr"]
    variables = found["_meta"]["hostvars"]
    assert variables[managed]["ansible_host"] == bare(routers[0].management)
    assert variables[plain]["ansible_host"] == bare(variables[plain]["trunkline_node"]["loopback_ipv4"])
    assert variables[managed]["trunkline_subscription"] == routers[0].subscription
    # From group_vars/frr.yml, beside the inventory.
    assert variables[managed]["ansible_python_interpreter"] == "/usr/bin/python3"


def test_the_graph_shows_them(prepared: dict[str, str], routers: Routers) -> None:
    done = run("-i", "inventory/netbox.yml", "--graph", "role_pe", **prepared)
    assert {f"|--{order.name}" for order in routers} <= set(done.stdout.replace(" ", "").splitlines())


def test_a_device_of_nobody_is_left_out(standing: World, prepared: dict[str, str], routers: Routers) -> None:
    name = f"foreign-{standing.name}"
    fields = {"site": {"slug": standing.site}, "role": {"slug": "pe"}, "device_type": {"slug": "frr-router"}}
    session = standing.session()
    made = session.post("dcim/devices/", {"name": name, **fields})
    try:
        assert name not in listed(prepared)["_meta"]["hostvars"]
    finally:
        session.delete("dcim/devices/", [made["id"]])


def test_groups_of_ones_own(tmp_path: Path, prepared: dict[str, str], routers: Routers) -> None:
    path = config(
        tmp_path,
        strict=True,
        compose={"loopback": "trunkline_node.loopback_ipv4"},
        groups={"planned": "trunkline_node.status == 'staged'"},
        keyed_groups=[{"prefix": "type", "key": "trunkline_node.device_type"}],
    )
    found = listed(prepared, path)
    for order in routers:
        assert order.name in found["planned"]["hosts"]
        assert order.name in found["type_frr_router"]["hosts"]
        assert found["_meta"]["hostvars"][order.name]["loopback"].endswith("/32")


def test_what_netbox_says_is_no_template(tmp_path: Path, standing: World, prepared: dict[str, str]) -> None:
    """Who may name a site in NetBox must not run code on the controller."""
    name = f"evil-{standing.name}"
    session = standing.session()
    site = session.post("dcim/sites/", {"name": "{{ 'ev' ~ 'il' }} " + name, "slug": name, "status": "active"})
    fields = {"site": site["id"], "role": {"slug": "pe"}, "device_type": {"slug": "frr-router"}}
    owner = {"custom_fields": {"trunkline_subscription": "7c2b1f6e-0000-4000-8000-00000000abce"}}
    device = session.post("dcim/devices/", {"name": name, **fields, **owner})
    try:
        command = [str(Path(sys.executable).parent / "ansible"), name, "-i", "inventory/netbox.yml", "-c", "local"]
        done = subprocess.run(
            [*command, "-m", "ansible.builtin.debug", "-a", "var=trunkline_node.site.name"],
            cwd=ROOT,
            env={**os.environ, **prepared, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_CALLBACK_RESULT_FORMAT": "json"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "{{ 'ev' ~ 'il' }}" in done.stdout, done.stdout + done.stderr
    finally:
        session.delete("dcim/devices/", [device["id"]])
        session.delete("dcim/sites/", [site["id"]])


def test_a_kept_inventory_needs_no_netbox(tmp_path: Path, prepared: dict[str, str], routers: Routers) -> None:
    kept = tmp_path / "kept"
    path = config(tmp_path, cache=True, cache_plugin="ansible.builtin.jsonfile", cache_connection=str(kept))
    first = listed(prepared, path)
    nowhere = {"NETBOX_URL": NOWHERE, "NETBOX_TOKEN": prepared["NETBOX_TOKEN"]}
    assert listed(nowhere, path) == first
    assert prepared["NETBOX_TOKEN"] not in "".join(item.read_text() for item in kept.iterdir())


@pytest.mark.parametrize(
    ("environment", "options", "sentence"),
    [
        ({"NETBOX_URL": NOWHERE, "NETBOX_TOKEN": "x"}, {}, "does not answer"),
        ({"NETBOX_URL": "nb.example.org", "NETBOX_TOKEN": "x"}, {}, "netbox_url: 'nb.example.org' is not a URL"),
        ({"NETBOX_URL": NOWHERE}, {}, "netbox_token"),
        ({"NETBOX_URL": NOWHERE, "NETBOX_TOKEN": "x"}, {"netbox_timeout": "long"}, "netbox_timeout"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(
    tmp_path: Path, environment: dict[str, str], options: dict[str, str], sentence: str
) -> None:
    path = config(tmp_path, **options)
    unset = {"NETBOX_URL": "", "NETBOX_TOKEN": "", "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "1"}
    done = run("-i", str(path), "--list", **{**unset, **environment})
    assert done.returncode != 0
    assert sentence in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr
