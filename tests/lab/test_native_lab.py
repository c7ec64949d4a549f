"""The native lab on this machine: what comes up, what stays up, and that nothing is left."""

import json
import os
import pwd
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from trunkline.dev.lab import Lab, LabError, processes

WAIT_S = 20
HOME = pwd.getpwuid(0).pw_dir


def wait_for(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {WAIT_S} s"
        time.sleep(0.05)


def sh(command: str) -> str:
    return subprocess.run(shlex.split(command), capture_output=True, text=True, check=True).stdout


def inits(lab: Lab) -> dict[str, int]:
    return {process.node: process.pid for process in processes.find(lab.name) if process.is_init}


def left_of(lab: Lab) -> list[str]:
    """Everything on this host that has the lab's name, bridge, address or runtime folder in it."""
    found = [f"process {process}" for process in processes.find(lab.name)]
    found += [line for line in sh("ip netns list").splitlines() if lab.name in line]
    links = json.loads(sh("ip -json link"))
    bridge = lab.topology.management.bridge
    found += [link["ifname"] for link in links if bridge in (link["ifname"], link.get("master"))]
    found += [link["ifname"] for link in links if link["ifname"].startswith("tl") and "master" not in link]
    for pattern in (lab.name, str(lab.runtime)):
        found += [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if pattern in line]
        found += [line for line in Path("/proc/net/unix").read_text().splitlines() if f"{pattern}/" in line]
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if str(lab.runtime) in command and int(entry.parent.name) != os.getpid():
            found.append(command)
    if lab.runtime.exists():
        found += [str(lab.runtime)]
    return found


def controller(lab: Lab, action: str, topology: Path) -> "subprocess.Popen[bytes]":
    management = lab.topology.management
    options = {
        "--name": lab.name,
        "--bridge": management.bridge,
        "--subnet": management.subnet,
        "--runtime": lab.runtime,
    }
    argv = [sys.executable, "-m", "trunkline.dev.lab", action, str(topology)]
    argv += [str(word) for option in options.items() for word in option]
    return subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


# A lab that is up


def test_every_router_has_its_daemons_and_the_interfaces_of_the_topology(lab: Lab) -> None:
    for node in lab.nodes:
        assert lab.exec(node, ["hostname"]).strip() == node
        status = lab.exec(node, ["vtysh", "-c", "show watchfrr"])
        daemons = [line.split()[0] for line in status.splitlines() if line.endswith("Up")]
        assert sorted(daemons) == ["bfdd", "bgpd", "isisd", "staticd", "zebra"]
        links = {link["ifname"]: link for link in json.loads(lab.exec(node, ["ip", "-json", "link"]))}
        assert links.keys() == {"lo", "eth0", *lab.topology.interfaces(node)}
        assert all("UP" in link["flags"] for link in links.values())
        assert links["eth1"]["mtu"] == 9500


def test_a_router_starts_with_an_empty_configuration(lab: Lab) -> None:
    shown = lab.exec("par-p", ["vtysh", "-c", "show running-config"]).splitlines()
    lines = {line for line in shown if line and not line.startswith(("!", "frr ", "Building", "Current", "end"))}
    assert lines == {"hostname par-p", "service integrated-vtysh-config"}


def test_the_host_reaches_every_router_and_they_reach_the_host(lab: Lab) -> None:
    for node, address in lab.nodes.items():
        sh(f"ping -c 1 -W 2 {address}")
        assert lab.ping(node, str(lab.topology.management.gateway.ip))
    assert not lab.ping("ams-pe", "192.0.2.1", timeout_s=1)


def test_a_command_that_fails_says_where_and_why(lab: Lab) -> None:
    with pytest.raises(LabError, match=r"ams-pe: .*gone: exit 2: .*gone"):
        lab.exec("ams-pe", ["ls", "/gone"])
    with pytest.raises(LabError, match="rom-pe: no such node; the lab has ams-pe, par-p, lon-pe"):
        lab.exec("rom-pe", ["true"])


def test_a_second_up_does_nothing(lab: Lab) -> None:
    before = inits(lab)
    assert lab.is_up()
    assert lab.up() == []
    assert inits(lab) == before


def test_what_a_router_writes_is_its_own(lab: Lab) -> None:
    for folder in (HOME, "/tmp", "/var/tmp", "/run"):
        lab.exec("ams-pe", ["touch", f"{folder}/{lab.name}"])
        assert not Path(folder, lab.name).is_file()
        assert lab.name not in lab.exec("par-p", ["ls", "-a", folder]).split()


# ssh


def ssh(lab: Lab, node: str, *options: str, key: bool = True) -> "subprocess.CompletedProcess[str]":
    environment = lab.ansible_env()
    identity = ["-i", environment["ANSIBLE_PRIVATE_KEY_FILE"]] if key else []
    common = shlex.split(environment["ANSIBLE_SSH_COMMON_ARGS"])
    argv = ["ssh", "-n", "-oBatchMode=yes", *options, *common, *identity, f"root@{lab.nodes[node]}", "hostname"]
    return subprocess.run(argv, capture_output=True, text=True, timeout=WAIT_S, check=False)


def test_ssh_lets_the_labs_key_in_and_nothing_else(lab: Lab) -> None:
    assert ssh(lab, "lon-pe").stdout.strip() == "lon-pe"
    assert "Permission denied (publickey)" in ssh(lab, "lon-pe", key=False).stderr


def test_ssh_refuses_a_router_with_another_host_key(lab: Lab, tmp_path: Path) -> None:
    wrong = tmp_path / "known_hosts"
    key = Path(lab.ansible_env()["ANSIBLE_PRIVATE_KEY_FILE"]).with_suffix(".pub").read_text().split()[:2]
    wrong.write_text(" ".join([lab.nodes["lon-pe"], *key]))
    refused = ssh(lab, "lon-pe", f"-oUserKnownHostsFile={wrong}")
    assert refused.returncode != 0
    assert "Host key verification failed" in refused.stderr


def test_ssh_listens_on_the_management_address_only(lab: Lab) -> None:
    listening = lab.exec("ams-pe", ["ss", "-Hltn", "sport = :22"]).split()
    assert listening[3] == f"{lab.nodes['ams-pe']}:22"
    assert len(lab.exec("ams-pe", ["ss", "-Hltn", "sport = :22"]).splitlines()) == 1


# Routing


# The instance first: an LSP that is made before the line about its interval stands still for the default of 30 s.
ISIS = """
router isis CORE
 lsp-gen-interval 1
 is-type level-2-only
 net 49.0001.0000.0000.000{number}.00
exit
interface lo
 ip address 10.9.0.{number}/32
 ip router isis CORE
exit
interface eth1
 ip address 10.9.1.{number}/24
 ip router isis CORE
 isis network point-to-point
exit
"""


def configure(lab: Lab, node: str, text: str) -> None:
    lines = [option for line in ["configure terminal", *text.strip().splitlines()] for option in ("-c", line)]
    lab.exec(node, ["vtysh", *lines])


def test_two_routers_find_each_other_and_keep_what_they_saved(pair: Lab) -> None:
    pair.up()
    for number, node in enumerate(pair.nodes, start=1):
        configure(pair, node, ISIS.format(number=number))
        pair.exec(node, ["vtysh", "-c", "write memory"])
    wait_for(lambda: pair.ping("left", "10.9.0.2", timeout_s=1), "left reaches right's loopback")
    pair.exec("left", ["ping", "-c1", "-W2", "-Mdo", "-s9400", "10.9.1.2"])

    # A daemon that is started again, by watchfrr's own command, gets its saved configuration back ...
    pair.exec("right", ["/usr/lib/frr/watchfrr.sh", "restart", "isisd"])
    assert "net 49" in pair.exec("right", ["vtysh", "-c", "show running-config isisd"])

    # ... and so does a router that dies: it is started alone, and its cables are put back.
    before = inits(pair)
    os.kill(before["right"], signal.SIGKILL)
    wait_for(lambda: not pair.is_up(), "the lab sees that a router died")
    with pytest.raises(LabError, match="right: not running; start the lab"):
        pair.exec("right", ["true"])
    assert pair.up() == ["right"]
    assert inits(pair)["left"] == before["left"]
    assert ssh(pair, "right").stdout.strip() == "right"
    wait_for(lambda: pair.ping("left", "10.9.0.2", timeout_s=1), "left reaches right again")

    # Ansible keeps connections open behind its back; they end with the lab, and all else does, too.
    folder = pair.ansible_env()["ANSIBLE_SSH_CONTROL_PATH_DIR"]
    persist = ("-oControlMaster=auto", "-oControlPersist=600", f"-oControlPath={folder}/%C")
    assert ssh(pair, "left", *persist).stdout.strip() == "left"
    assert any("[mux]" in entry for entry in left_of(pair))
    assert pair.down()
    assert left_of(pair) == []
    assert not pair.down()


# Trouble


def test_a_router_that_cannot_start_takes_the_lab_with_it(pair: Lab, tmp_path: Path) -> None:
    daemons = tmp_path / "daemons"
    daemons.write_text("echo no such luck >&2; exit 3\n")
    nodes = dict(pair.topology.nodes)
    nodes["right"] = nodes["right"].model_copy(update={"binds": {"daemons": daemons}})
    broken = Lab(pair.topology.model_copy(update={"nodes": nodes}), pair.runtime)
    with pytest.raises(LabError, match=r"(?s)right: it ended while it started:.*no such luck"):
        broken.up()
    assert left_of(pair) == []


@pytest.mark.parametrize("moment", ["keys", "namespace", "first router", "ready"])
def test_a_controller_that_is_killed_leaves_nothing_that_cannot_be_mended(
    pair: Lab, tmp_path: Path, moment: str
) -> None:
    reached: dict[str, Callable[[], object]] = {
        "keys": (pair.runtime / "ssh").exists,
        "namespace": Path(f"/run/netns/clab-{pair.name}-left").exists,
        "first router": partial(processes.find, pair.name),
        "ready": lambda: inits(pair).keys() == pair.nodes.keys(),
    }
    with controller(pair, "up", tmp_path / "pair.clab.yml") as process:
        deadline = time.monotonic() + WAIT_S
        while not reached[moment]():
            assert time.monotonic() < deadline
        process.kill()
        process.communicate()
    if moment == "first router":
        pair.up()
        assert ssh(pair, "left").stdout.strip() == "left"
        assert pair.is_up()
    assert pair.down()
    assert left_of(pair) == []


def test_a_lab_is_found_again_when_its_runtime_folder_is_lost(pair: Lab) -> None:
    pair.up()
    before = inits(pair)
    shutil.rmtree(pair.runtime)
    assert not pair.is_up()
    assert pair.up() == list(pair.nodes)
    assert not set(before.values()) & set(inits(pair).values())
    shutil.rmtree(pair.runtime)
    assert pair.down()
    assert left_of(pair) == []


def test_two_controllers_at_once_start_one_lab(pair: Lab, tmp_path: Path) -> None:
    both = [controller(pair, "up", tmp_path / "pair.clab.yml") for _ in range(2)]
    assert [process.communicate()[1] for process in both] == [b"", b""]
    assert sorted(inits(pair)) == ["left", "right"]
    assert len([process for process in processes.find(pair.name) if process.is_init]) == len(pair.nodes)
    other = Lab(pair.topology, pair.runtime.with_name(f"{pair.runtime.name}-b"))
    for refused in (other.up, other.down):
        with pytest.raises(LabError, match=f"already runs, with the runtime folder {pair.runtime}"):
            refused()
    changed = Lab(pair.topology.model_copy(update={"links": ()}), pair.runtime)
    with pytest.raises(LabError, match="another topology than the file's; take it down"):
        changed.up()
    assert pair.is_up()
    # What a person started inside goes with it.
    with subprocess.Popen(["ip", "netns", "exec", f"clab-{pair.name}-left", "sleep", "600"]) as stray:
        wait_for(lambda: stray.pid in [process.pid for process in processes.find(pair.name)], "the shell is inside")
        assert changed.down()
        assert stray.wait(timeout=WAIT_S) == -signal.SIGKILL
    assert left_of(pair) == []


@contextmanager
def there(*made: str, undone: str) -> Iterator[None]:
    try:
        for command in made:
            sh(f"ip {command}")
        yield
    finally:
        sh(f"ip {undone}")


def test_a_foreign_bridge_of_the_name_is_left_alone(pair: Lab) -> None:
    bridge = pair.topology.management.bridge
    with there(f"link add {bridge} type bridge", undone=f"link delete {bridge}"):
        with pytest.raises(LabError, match=rf"mgmt.bridge: .* {bridge} .*choose another bridge name"):
            pair.up()
        assert not pair.down()
        assert Path(f"/sys/class/net/{bridge}").exists()
    assert left_of(pair) == []


def test_a_subnet_that_the_host_already_uses_is_refused(pair: Lab) -> None:
    subnet = pair.topology.management.subnet
    name = f"x{pair.name[-9:]}"
    address = subnet.network_address + 99
    with there(f"link add {name} type bridge", f"address add {address}/28 dev {name}", undone=f"link delete {name}"):
        assert len(pair.preflight()) == 1
        with pytest.raises(LabError, match=rf"mgmt.ipv4-subnet: {subnet} overlaps .* on {name}; choose another subnet"):
            pair.up()
    assert left_of(pair) == []


def test_a_foreign_namespace_of_the_name_is_left_alone(pair: Lab) -> None:
    name = f"clab-{pair.name}-left"
    inside = ["ip", "netns", "exec", name, "sleep", "600"]
    with there(f"netns add {name}", undone=f"netns delete {name}"), subprocess.Popen(inside) as foreign:
        wait_for(pair.preflight, "the namespace is in use")
        for refused in (pair.up, pair.down):
            with pytest.raises(LabError, match=rf"{name}.*pid {foreign.pid}.*end"):
                refused()
        assert foreign.poll() is None
        foreign.kill()
    assert left_of(pair) == []


def test_a_runtime_folder_may_lie_in_roots_home_and_hold_other_things(pair: Lab) -> None:
    home = Path(HOME) / pair.name
    runtime = home / "run"
    runtime.mkdir(parents=True, mode=0o700)
    try:
        (runtime / "other").touch()
        lab = Lab(pair.topology, runtime)
        lab.up()
        assert lab.exec("left", ["stat", "-c", "%U %a", "/etc/frr/frr.conf"]).strip() == "frr 640"
        assert ssh(lab, "left").stdout.strip() == "left"
        lab.down()
        assert [entry.name for entry in runtime.iterdir()] == ["other"]
    finally:
        shutil.rmtree(home)
    assert left_of(pair) == []


def test_a_runtime_folder_with_a_path_too_long_for_sockets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="too long for sockets"):
        Lab.load(tmp_path / "any.yml", tmp_path / ("x" * 60))
