"""The action group: a playbook that says once how to reach NetBox, and says nothing of it in a task."""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.trunkline.network.plugins.module_utils.netbox_node import NodeOrder
from tests.netbox.netbox_world import ROOT, World

COLLECTION = ROOT / "collections/ansible_collections/trunkline/network"
GROUP: list[str] = yaml.safe_load((COLLECTION / "meta/runtime.yml").read_text())["action_groups"]["all"]


# Its configuration cannot be rendered: there is no router here that could take it, and this shows what NetBox said.
TEMPLATE = "{{ undef(hint='no router for ' ~ intent.device) }}"


@pytest.fixture(scope="module")
def arguments(standing: World, pair: tuple[NodeOrder, NodeOrder]) -> dict[str, dict[str, Any]]:
    """What a task must say to each module of the group."""
    a, z = pair
    new = standing.node("new")
    return {
        "adopt": {"nodes": [a.name], "namespace": str(uuid.uuid4())},
        "circuit": {
            "subscription": str(uuid.uuid4()),
            "pool": f"core-link-{standing.corner}",
            "a": {"node": a.name, "interface": "eth8"},
            "z": {"node": z.name, "interface": "eth8"},
        },
        "device_intent": {"device": a.name},
        "fabric_info": {"sites": [standing.site]},
        "frr_deploy": {"device": a.name, "template": "lines.j2"},
        "srlinux_deploy": {
            "device": a.name,
            "template": "lines.j2",
            "device_user": "admin",
            "device_password": "not-used",
        },
        "netbox_objects": {"objects": [{"type": "dcim.site", "items": [{"slug": new.name, "name": new.name}]}]},
        "netbox_undo": {"written_as": [str(uuid.uuid4())]},
        "node": {
            name: getattr(new, name)
            for name in ("subscription", "name", "site", "role", "device_type", "platform", "loopback_pool")
        },
        "port": {"subscription": str(uuid.uuid4()), "node": a.name, "interface": "eth7"},
        "l2vpn": {"subscription": str(uuid.uuid4()), "state": "absent"},
    }


@pytest.fixture(scope="module")
def results(
    arguments: dict[str, dict[str, Any]], prepared: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    """What each module answers when only the group's defaults say where NetBox is."""
    access = {"netbox_url": prepared["NETBOX_URL"], "netbox_token": prepared["NETBOX_TOKEN"]}
    return answers(tmp_path_factory.mktemp("defaults"), arguments, access)


@pytest.fixture(scope="module")
def refusals(
    arguments: dict[str, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, dict[str, Any]]:
    """What each module answers when nothing says where NetBox is."""
    return answers(tmp_path_factory.mktemp("none"), arguments, {})


@pytest.mark.parametrize("module", GROUP)
def test_the_group_s_defaults_let_every_module_of_it_into_netbox(
    module: str, results: dict[str, dict[str, Any]], pair: tuple[NodeOrder, NodeOrder]
) -> None:
    result = results[module]
    if module in ("frr_deploy", "srlinux_deploy"):
        assert f"no router for {pair[0].name}" in result["msg"]
        return
    assert not result["failed"], result
    assert result["requests"] >= 1
    assert result["writes"] == 0


@pytest.mark.parametrize("module", GROUP)
def test_without_them_every_module_names_what_is_missing(module: str, refusals: dict[str, dict[str, Any]]) -> None:
    assert refusals[module]["failed"]
    assert "netbox_url: '' is not a URL" in refusals[module]["msg"]


def answers(folder: Path, arguments: dict[str, dict[str, Any]], access: dict[str, str]) -> dict[str, dict[str, Any]]:
    """The results of a task for each module in check mode, in a folder that knows the collection and no NetBox."""
    (folder / "lines.j2").write_text(TEMPLATE)
    tasks = [
        {"name": name, f"trunkline.network.{name}": given, "register": name, "ignore_errors": True}
        for name, given in arguments.items()
    ]
    content = "{{ {" + ", ".join(f"'{name}': {name}" for name in arguments) + "} | to_json }}"
    copy = {"name": "Keep", "ansible.builtin.copy": {"content": content, "dest": f"{folder}/answers", "mode": "0600"}}
    play = {
        "name": "Each module of the group",
        "hosts": "localhost",
        "connection": "local",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
        "module_defaults": {"group/trunkline.network.all": access},
        "tasks": [*tasks, {**copy, "check_mode": False}],
    }
    (folder / "play.yml").write_text(yaml.safe_dump([play]))
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"),
    }
    command = [str(Path(sys.executable).parent / "ansible-playbook"), "--check", "play.yml"]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, dict[str, Any]] = json.loads((folder / "answers").read_text())
    return found
