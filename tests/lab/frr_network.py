"""Two real routers and the collection's modules on them: what the tests of the device side share."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ansible

from ansible_collections.trunkline.network.plugins.module_utils.frr_stanzas import parse
from trunkline.dev.lab import Lab

REPOSITORY = Path(__file__).parents[2]
COLLECTION = "collections/ansible_collections/trunkline/network"
TOPOLOGY = f"""\
name: frr
topology:
  defaults:
    binds:
      - {REPOSITORY}/inventory/frr/daemons:/etc/frr/daemons
      - {REPOSITORY}/inventory/frr/vtysh.conf:/etc/frr/vtysh.conf
    # Without them FRR's configuration has a line that its frr-reload.py takes away.
    sysctls: {{net.ipv4.ip_forward: 1, net.ipv6.conf.all.forwarding: 1}}
  nodes:
    ams-pe: {{kind: linux, mgmt-ipv4: 172.20.20.11}}
    par-p: {{kind: linux, mgmt-ipv4: 172.20.20.12}}
  links:
    - endpoints: ["ams-pe:eth1", "par-p:eth1"]
    - endpoints: ["ams-pe:eth2", "par-p:eth2"]
"""
# Somebody else's configuration, of every kind that a router may have beside ours.
FOREIGN = """\
log syslog informational
ip route 198.51.100.0/24 Null0
ipv6 route 2001:db8:9::/48 Null0
ip prefix-list PL seq 5 permit 10.0.0.0/8 le 24
bgp as-path access-list ASP seq 5 permit ^65009$
interface eth2
 description Somebody else's
 ip address 192.0.2.1/24
 ipv6 address 2001:db8:1::1/64
exit
router bgp 65001
 bgp router-id 192.0.2.1
 no bgp default ipv4-unicast
 neighbor 192.0.2.9 remote-as 65009
 neighbor 192.0.2.9 password not-to-be-shown
 address-family ipv4 unicast
  network 192.0.2.0/24
  neighbor 192.0.2.9 activate
  neighbor 192.0.2.9 route-map RM in
 exit-address-family
exit
router isis OTHER
 net 49.0002.0100.0012.7001.00
exit
route-map RM permit 10
 match ip address prefix-list PL
 set local-preference 200
exit
"""


@dataclass(frozen=True)
class Task:
    """One module call; `check` runs it in check mode."""

    module: str
    arguments: dict[str, Any]
    check: bool = False


@dataclass(frozen=True)
class Routers:
    """The routers, and ansible-playbook to reach them with."""

    lab: Lab
    folder: Path

    def vtysh(self, router: str, *commands: str) -> str:
        """What vtysh prints for these commands."""
        return self.lab.exec(router, ["vtysh", *(word for command in commands for word in ("-c", command))])

    def configure(self, router: str, lines: str) -> None:
        """Configure by hand, as a person at the router would."""
        self.vtysh(router, "configure", *lines.splitlines())

    def running(self, router: str) -> dict[str, str]:
        """The running configuration: header to exact text, without the empty shells of interfaces."""
        stanzas = parse(self.vtysh(router, "show running-config no-header"))
        return {one.header: one.text for one in stanzas if one.lines or not one.header.startswith("interface ")}

    def startup(self, router: str) -> str:
        """The startup configuration."""
        return self.lab.exec(router, ["cat", "/etc/frr/frr.conf"])

    def record(self, router: str) -> list[str]:
        """What the router's record names as ours."""
        return list(json.loads(self.lab.exec(router, ["cat", "/etc/frr/trunkline.json"]))["stanzas"])

    def run(self, router: str, *tasks: Task) -> list[dict[str, Any]]:
        """Run modules on a router, one after the other, whatever becomes of each; return their answers."""
        calls = [[task.module, {**task.arguments, "_ansible_check_mode": task.check}] for task in tasks]
        script = f"{self.carry(router)}/frr_run_modules.py"
        argv = ["/usr/bin/python3", script, json.dumps(calls)]
        return list(json.loads(self.lab.exec(router, argv, timeout_s=60)))

    def carry(self, router: str) -> str:
        """Put the modules on the router, once; returns where. It does not see a checkout that lies in /root."""
        target = self.lab.runtime / "nodes" / router / "log" / "modules"
        if not target.exists():
            packages = {
                "ansible": Path(ansible.__file__).parent,
                "ansible_collections/trunkline/network/plugins": REPOSITORY / COLLECTION / "plugins",
            }
            for name, source in packages.items():
                for part in ("module_utils", "_vendor") if name == "ansible" else ("module_utils", "modules"):
                    ignore = shutil.ignore_patterns("__pycache__")
                    shutil.copytree(source / part, target / name / part, ignore=ignore)
            for file in ("__init__.py", "release.py"):
                shutil.copyfile(Path(ansible.__file__).with_name(file), target / "ansible" / file)
            for script in ("frr_run_modules.py", "frr_doors.py"):
                shutil.copyfile(Path(__file__).with_name(script), target / script)
        return "/var/log/frr/modules"

    def play(
        self, plays: list[dict[str, Any]], *options: str, variables: dict[str, dict[str, Any]] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a playbook to its end; `variables` are the routers' own."""
        process = self.start(plays, *options, variables=variables)
        try:
            out, err = process.communicate(timeout=200)
        finally:
            process.kill()
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def start(
        self, plays: list[dict[str, Any]], *options: str, variables: dict[str, dict[str, Any]] | None = None
    ) -> subprocess.Popen[str]:
        """Start a playbook."""
        addresses = self.lab.nodes | {"nowhere": re.sub(r"\d+$", "99", self.lab.nodes["ams-pe"])}
        hosts = {
            name: {"ansible_host": address} | (variables or {}).get(name, {}) for name, address in addresses.items()
        }
        login = {"ansible_user": "root", "ansible_python_interpreter": "/usr/bin/python3"}
        inventory, playbook = self.folder / "hosts.json", self.folder / "play.json"
        inventory.write_text(json.dumps({"frr": {"hosts": hosts, "vars": login}}))
        playbook.write_text(json.dumps(plays))
        environment = os.environ | self.lab.ansible_env() | {"ANSIBLE_CONFIG": str(REPOSITORY / "ansible.cfg")}
        environment |= {"ANSIBLE_HOME": str(self.folder / "ansible"), "TRUNKLINE_RUN": ""}
        return subprocess.Popen(
            [str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(inventory), str(playbook), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=REPOSITORY,
        )


def push(config: str, check: bool = False, **arguments: Any) -> Task:
    """A push of these stanzas."""
    return Task("frr_config", {"config": config, **arguments}, check)


def intent(router: str, metric: int = 10) -> dict[str, Any]:
    """What a router must carry for one circuit between ams-pe and par-p, as device_intent returns it."""
    routers = ["ams-pe", "par-p"]
    own, other = routers.index(router), 1 - routers.index(router)
    return {
        "device": router,
        "platform": "frr",
        "hostname": router,
        "loopback": {"interface": "lo", "ipv4": f"10.0.127.{own + 2}/32", "ipv6": f"fc00:0:0:127::{own + 2}/128"},
        "isis": {"instance": "CORE", "area": "49.0001", "level": 2, "net": f"49.0001.0100.0012.700{own + 2}.00"},
        "circuits": [
            {
                "subscription": "8b0c7a52-6a2e-4a3c-9f0c-0d4a5d1d8a11",
                "cid": "core-1",
                "interface": "eth1",
                "description": f"core-1 to {routers[other]}",
                "ipv4": f"10.0.1.{own}/31",
                "ipv6": f"fc00:0:1::{own or ''}/127",
                "metric": metric,
                "neighbor": routers[other],
                "neighbor_ipv4": f"10.0.1.{other}/31",
                "neighbor_ipv6": f"fc00:0:1::{other or ''}/127",
                "neighbor_loopback_ipv4": f"10.0.127.{other + 2}/32",
                "neighbor_loopback_ipv6": f"fc00:0:0:127::{other + 2}/128",
            }
        ],
    }


def until(condition: Callable[[], bool], timeout_s: float) -> float:
    """Wait until it is true; how many seconds that took."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < timeout_s, "not within the time"
        time.sleep(0.1)
    return time.monotonic() - started
