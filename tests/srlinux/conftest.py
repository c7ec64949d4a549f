"""Stand-in routers, and ansible-playbook to reach them with. No router here is a real SR Linux."""

import copy
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.trunkline.network.plugins.module_utils.srlinux_rpc import Router
from tests.srlinux.stand_in import AUTHORITY, PASSWORD, USER, StandIn
from tests.srlinux.stand_in_store import Store, Tree

ROOT = Path(__file__).parents[2]
# Somebody else's configuration: beside ours, and in the lists that hold ours.
FOREIGN: Tree = {
    "srl_nokia-interfaces:interface": [
        {
            "name": "ethernet-1/10",
            "description": "Somebody else's",
            "admin-state": "enable",
            "subinterface": [{"index": 0, "ipv4": {"address": [{"ip-prefix": "192.0.2.1/24"}]}}],
        },
        {"name": "mgmt0", "admin-state": "enable"},
    ],
    "srl_nokia-network-instance:network-instance": [
        {"name": "default", "description": "Somebody's words", "interface": [{"name": "ethernet-1/10.0"}]},
        {"name": "mgmt", "type": "srl_nokia-network-instance:ip-vrf", "interface": [{"name": "mgmt0.0"}]},
    ],
    "srl_nokia-routing-policy:routing-policy": {
        "prefix-set": [{"name": "PL", "prefix": [{"ip-prefix": "10.0.0.0/8", "mask-length-range": "8..24"}]}],
        "policy": [{"name": "RM", "default-action": {"policy-result": "accept"}}],
    },
}


@dataclass(frozen=True)
class Controller:
    """ansible-playbook, and what it knows of the routers."""

    folder: Path
    routers: dict[str, StandIn]

    def start(self, tasks: list[dict[str, Any]], *options: str, **variables: Any) -> subprocess.Popen[str]:
        """Begin to run tasks for all routers, whatever becomes of each; their results are put into a file."""
        names = [f"result_{number}" for number in range(len(tasks))]
        kept = {
            "ansible.builtin.copy": {
                "content": "{{ [" + ", ".join(names) + "] | to_json }}",
                "dest": f"{self.folder}/result-{{{{ inventory_hostname }}}}.json",
                "mode": "0600",
            },
            "diff": False,
        }
        named = [task | {"register": name, "ignore_errors": True} for name, task in zip(names, tasks, strict=True)]
        play = {"hosts": "all", "gather_facts": False, "strategy": "ansible.builtin.free", "tasks": [*named, kept]}
        login = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "ansible_host": "127.0.0.1",
            "ansible_user": USER,
            "ansible_httpapi_ca_path": str(self.authority()),
        }
        hosts = {name: {"ansible_httpapi_port": router.port} for name, router in self.routers.items()}
        inventory = {"nokia_srlinux": {"hosts": hosts, "vars": login | variables}}
        (self.folder / "hosts.json").write_text(json.dumps(inventory))
        (self.folder / "play.json").write_text(json.dumps([play]))
        environment = os.environ | {
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_HOME": str(self.folder / "ansible"),
            "TRUNKLINE_RUN": "",
            "TRUNKLINE_SRLINUX_PASSWORD": PASSWORD,
        }
        program = str(Path(sys.executable).with_name("ansible-playbook"))
        argv = [program, "-i", str(self.folder / "hosts.json"), str(self.folder / "play.json"), *options]
        return subprocess.Popen(
            argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT, env=environment
        )

    def run(self, tasks: list[dict[str, Any]], *options: str, **variables: Any) -> dict[str, list[dict[str, Any]]]:
        """Run tasks for all routers; their results by router. What was printed is in `said`."""
        process = self.start(tasks, *options, **variables)
        said, _none = process.communicate(timeout=200)
        (self.folder / "said").write_text(said)
        results = {}
        for name in self.routers:
            file = self.folder / f"result-{name}.json"
            assert file.exists(), said
            results[name] = json.loads(file.read_text())
        return results

    @property
    def said(self) -> str:
        """What the last run has printed."""
        return (self.folder / "said").read_text()

    def authority(self) -> Path:
        """The CA that signed the routers' certificates."""
        path = self.folder / "ca.pem"
        AUTHORITY.cert_pem.write_to_path(str(path))
        return path


def intent(metric: int = 10, interfaces: tuple[str, ...] = ("ethernet-1/1",)) -> dict[str, Any]:
    """What a router must carry, as device_intent returns it, with a circuit to par-p on each of the interfaces."""
    return {
        "device": "ams-pe",
        "platform": "nokia-srlinux",
        "hostname": "ams-pe",
        "loopback": {"interface": "system0", "ipv4": "10.0.127.2/32", "ipv6": "fc00:0:0:127::2/128"},
        "isis": {"instance": "CORE", "area": "49.0001", "level": 2, "net": "49.0001.0100.0012.7002.00"},
        "circuits": [
            {
                "subscription": f"8b0c7a52-6a2e-4a3c-9f0c-0d4a5d1d8a{number:02}",
                "cid": f"TL-{number}",
                "interface": name,
                "description": f"TL-{number} to par-p:eth{number + 1}",
                "ipv4": f"10.0.1.{2 * number}/31",
                "ipv6": f"fc00:0:1:{number + 1}::/127",
                "metric": metric,
                "neighbor": "par-p",
                "neighbor_ipv4": f"10.0.1.{2 * number + 1}",
                "neighbor_ipv6": f"fc00:0:1:{number + 1}::1",
                "neighbor_loopback_ipv4": "10.0.127.3",
                "neighbor_loopback_ipv6": "fc00:0:0:127::3",
            }
            for number, name in enumerate(interfaces)
        ],
    }


def served() -> dict[str, Any]:
    """The intent of a route reflector with a tagged and an untagged port, and an L2VPN between them and others."""
    ports = [("ethernet-1/3", True, 9000), ("ethernet-1/4", False, None)]
    return intent() | {
        "ports": [
            {"interface": name, "subscription": "7d2f6a58", "description": "port", "tagged": tagged, "mtu": mtu}
            for name, tagged, mtu in ports
        ],
        "l2vpns": [
            {
                "subscription": "9e1b3c70",
                "name": "TL-0D7C8A3D9A02",
                "vni": 10001,
                "saps": [
                    {"interface": "ethernet-1/3", "vlan": 100, "mtu": 9000},
                    {"interface": "ethernet-1/3", "vlan": 101, "mtu": 9000},
                    {"interface": "ethernet-1/4", "vlan": None, "mtu": None},
                ],
                "vteps": ["10.0.127.3", "10.0.127.4"],
            }
        ],
        "bgp": {
            "asn": 65000,
            "router_id": "10.0.127.2",
            "neighbors": [
                {"name": "par-p", "address": "10.0.127.3", "client": False},
                {"name": "lon-pe", "address": "10.0.127.4", "client": True},
            ],
        },
    }


NOTHING = intent() | {"loopback": None, "isis": None, "circuits": []}


def config(metric: int = 10, interfaces: tuple[str, ...] = ("ethernet-1/1",)) -> Tree:
    """A small configuration of ours, without a template."""
    return {
        "interface": [{"name": name, "description": f"to {name}", "admin-state": "enable"} for name in interfaces],
        "network-instance": [
            {
                "name": "default",
                "type": "srl_nokia-network-instance:default",
                "interface": [{"name": f"{name}.0"} for name in interfaces],
                "protocols": {
                    "srl_nokia-isis:isis": {
                        "instance": [
                            {
                                "name": "CORE",
                                "net": ["49.0001.0100.0012.7002.00"],
                                "interface": [
                                    {"interface-name": f"{name}.0", "level": [{"level-number": 2, "metric": metric}]}
                                    for name in interfaces
                                ],
                            }
                        ]
                    }
                },
            }
        ],
    }


def eventually(is_so: Callable[[], bool], within_s: float) -> float:
    """Wait until it is so; how many seconds that took."""
    started = time.monotonic()
    while not is_so():
        assert time.monotonic() - started < within_s, f"not so within {within_s} s"
        time.sleep(0.02)
    return time.monotonic() - started


def foreign_of(tree: Tree) -> str:
    """All of a configuration that is not Trunkline's, as text."""
    left = copy.deepcopy(tree)
    left.pop("srl_nokia-system:system", None)
    ours = ("ethernet-1/1", "ethernet-1/2", "system0")
    interfaces = left["srl_nokia-interfaces:interface"]
    left["srl_nokia-interfaces:interface"] = [one for one in interfaces if one["name"] not in ours]
    for instance in left["srl_nokia-network-instance:network-instance"]:
        instance["interface"] = [one for one in instance["interface"] if one["name"].removesuffix(".0") not in ours]
        if instance["name"] == "default":
            for name in ("type", "admin-state", "protocols"):
                instance.pop(name, None)
    policy = left["srl_nokia-routing-policy:routing-policy"]
    policy["prefix-set"] = [one for one in policy["prefix-set"] if not one["name"].startswith("trunkline ")]
    return json.dumps(left)


def notes(stand_in: StandIn) -> list[str]:
    """What Trunkline has written down on a router."""
    sets = stand_in.store.running.get("srl_nokia-routing-policy:routing-policy", {}).get("prefix-set", [])
    return sorted(one["name"] for one in sets if one["name"].startswith("trunkline "))


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    """A router that somebody else has configured."""
    router = StandIn(Store(copy.deepcopy(FOREIGN)))
    yield router
    router.close()


@pytest.fixture
def controller(stand_in: StandIn, tmp_path: Path) -> Controller:
    """ansible-playbook with the stand-in as `ams-pe`."""
    return Controller(tmp_path, {"ams-pe": stand_in})


@pytest.fixture
def connect(stand_in: StandIn, tmp_path: Path) -> Callable[..., Router]:
    """The collection's own client to the stand-in; arguments replace what would let it in."""
    path = tmp_path / "authority.pem"
    AUTHORITY.cert_pem.write_to_path(str(path))

    def client(**changed: Any) -> Router:
        given: dict[str, Any] = {
            "user": USER,
            "password": PASSWORD,
            "verify": str(path),
            "timeout_s": 5.0,
            "port": stand_in.port,
        }
        return Router(name="ams-pe", host="127.0.0.1", **(given | changed))

    return client
