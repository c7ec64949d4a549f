"""docs/ansible-playbook.md, as a reader types it: real NetBox, real routers, and no API anywhere."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.pages import blocks_of, typed
from trunkline.dev.lab import Lab
from trunkline.dev.state import PROJECT


class Reader:
    """Someone with the checkout, a NetBox and routers."""

    def __init__(self, folder: Path, netbox: dict[str, str], lab: Lab) -> None:
        self.folder, self.netbox, self.lab = folder, netbox, lab
        self.environment = {**netbox, **lab.ansible_env(), "ANSIBLE_NOCOLOR": "1"}

    def types(self, heading: str) -> list[str]:
        """Types the blocks under the heading; returns the output of each `ansible-playbook`."""
        script = "".join(block.script for block in blocks_of("ansible-playbook.md") if block.heading == heading)
        return re.findall(r".*?PLAY RECAP.*?\n\n", typed(script, self.folder, self.environment), re.DOTALL)

    def documented(self) -> dict[str, list[str]]:
        """What NetBox has that belongs to an order: names by type."""
        found = {}
        for path, name in (("dcim/devices", "name"), ("circuits/circuits", "cid")):
            answer = requests.get(
                f"{self.netbox['NETBOX_URL']}/api/{path}/",
                params={"tag": "trunkline"},
                headers={"Authorization": f"Bearer {self.netbox['NETBOX_TOKEN']}"},
                timeout=30,
            )
            found[path] = sorted(f"{row[name]} {row['status']['value']}" for row in answer.json()["results"])
        return found

    def configuration(self) -> str:
        """The routers' configurations."""
        return "".join(self.lab.exec(node, ["vtysh", "-c", "show running-config"]) for node in self.lab.nodes)


def changed(output: str) -> int:
    """How many changes the recap at the end tells of."""
    return sum(int(number) for number in re.findall(r"changed=(\d+)", output.rpartition("PLAY RECAP")[2]))


@pytest.fixture(scope="module")
def reader(lab: Lab, bare_netbox: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("reader")
    for name in ("playbooks", "inventory", "collections", "ansible.cfg"):
        (folder / name).symlink_to(PROJECT / name)
    (folder / "examples").mkdir()
    for example in (PROJECT / "examples").glob("*.yml"):
        text = example.read_text()
        for node, address in lab.nodes.items():
            text = re.sub(rf"(name: {node}\b.*?management: )[\d.]+", rf"\g<1>{address}", text, flags=re.DOTALL)
        # The pool of the tests that order over REST.
        (folder / "examples" / example.name).write_text(text.replace("10.0.1.0/24", "10.0.1.0/29"))
    return Reader(folder, bare_netbox, lab)


COLLECTION = PROJECT / "collections/ansible_collections/trunkline/network"
NOTHING: dict[str, list[str]] = {"dcim/devices": [], "circuits/circuits": []}


def test_netbox_learns_what_it_needs(reader: Reader) -> None:
    (bootstrap,) = reader.types("With ansible-playbook alone")
    assert "failed=0" in bootstrap


def test_one_order_is_planned_made_validated_changed_and_terminated(reader: Reader) -> None:
    plan, node, _other, circuit, drift, change, _gone, _free, last = reader.types("One order")
    assert "+dcim.device ams-pe" in plan
    assert "+ ip router isis CORE" in plan
    assert min(changed(plan), changed(node), changed(circuit), changed(change), changed(last)) > 0
    assert changed(drift) == 0
    assert "isis metric 15000000" in change
    assert reader.documented() == NOTHING
    assert "isis" not in reader.configuration()
    assert "ip address" not in reader.configuration()


def test_a_whole_network_is_planned_applied_again_and_pruned(reader: Reader) -> None:
    plan, made, again = reader.types("A whole network in one file")[:3]
    assert "+circuits.circuit ams-lon" in plan
    assert "+ description ams-lon to lon-pe:eth1" in plan
    assert changed(made) > 0
    assert changed(again) == 0


def test_with_only_the_collection_the_same_playbook_brings_it_all_back(reader: Reader) -> None:
    assert reader.documented()["circuits/circuits"] == []
    folder = reader.folder.parent / "installed"
    folder.mkdir()
    # The checkout's own would count as installed.
    elsewhere = os.environ | {"ANSIBLE_COLLECTIONS_PATH": str(folder), "HOME": str(folder)}
    galaxy = [str(Path(sys.executable).with_name("ansible-galaxy")), "collection"]
    for command in (["build", str(COLLECTION)], ["install", "trunkline-network-0.1.0.tar.gz", "-p", ".", "--offline"]):
        subprocess.run([*galaxy, *command], cwd=folder, env=elsewhere, check=True, capture_output=True)
    shutil.copytree(reader.folder / "examples", folder / "examples")
    reader.folder = folder
    reader.environment["ANSIBLE_COLLECTIONS_PATH"] = str(folder)
    (made,) = reader.types("With only the collection")
    assert changed(made) > 0
    assert reader.documented() == {
        "dcim/devices": ["ams-pe active", "lon-pe active", "par-p active"],
        "circuits/circuits": ["ams-lon active", "ams-par active", "par-lon active"],
    }
    # An empty file is an empty network: the tests after this one find none.
    empty = json.dumps({"network_nodes": [], "network_circuits": [], "network_prune": True})
    clear = f"ansible-playbook trunkline.network.network -e network_file=examples/network.yml -e '{empty}' -u root"
    typed(clear, reader.folder, reader.environment)
    assert reader.documented() == NOTHING
    assert "isis" not in reader.configuration()
