"""What a stack needs of the machine, looked at before anything is started."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path

import psutil

from trunkline.dev.errors import DevError

PACKAGES = {
    # Debian package: a program of it
    "postgresql": "/usr/lib/postgresql/*/bin/postgres",
    "frr": "/usr/lib/frr/watchfrr",
    "frr-pythontools": "/usr/lib/frr/frr-reload.py",
    "tini": "/usr/bin/tini",
    "openssh-server": "/usr/sbin/sshd",
    "openssh-client": "/usr/bin/ssh",
    "iputils-ping": "/usr/bin/ping",
    "iproute2": "/usr/sbin/ip",
    "util-linux": "/usr/bin/nsenter",
}
BROWSER = {"chromium": "/usr/bin/chromium"}
"""What only the tests of the web pages need."""

_POLICY = Path("/usr/sbin/policy-rc.d")
_CREATECLUSTER = Path("/etc/postgresql-common/createcluster.conf")


def require_root() -> None:
    """Fail when the native lab cannot be built."""
    if os.geteuid() != 0:
        raise DevError("The lab's routers live in network namespaces, which takes root: use sudo")


def missing_packages(packages: Mapping[str, str] = PACKAGES) -> list[str]:
    """The Debian packages of `packages` whose program is not on this machine."""
    return [package for package, program in packages.items() if not _exists(program)]


def ensure_packages(packages: Mapping[str, str] = PACKAGES) -> None:
    """Install the Debian packages that are missing, without starting or enabling the services they bring."""
    missing = missing_packages(packages)
    if not missing:
        return
    if shutil.which("apt-get") is None:
        raise DevError(
            f"This needs {', '.join(missing)} and this machine has no apt-get: install them by its own means (FRR with "
            "frr-reload.py), or for the lab install containerlab."
        )
    print(f"Installing from Debian: {' '.join(missing)}", flush=True)
    with _services_not_started(), _no_main_cluster() if "postgresql" in missing else nullcontext():
        for command in (["update", "-q"], ["install", "-qy", "--no-install-recommends", *missing]):
            _apt(command, missing)
    if shutil.which("systemctl"):
        # The lab runs its own daemons in its own namespaces; the machine itself is not made a router or an ssh host.
        for package, unit in (("frr", "frr"), ("openssh-server", "ssh")):
            if package in missing:
                subprocess.run(["systemctl", "disable", "--quiet", unit], check=False, capture_output=True)


def require_free_port(port: int, variable: str) -> None:
    """Fail with the holder's name when 127.0.0.1:`port` is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise DevError(
                f"Port {port} on 127.0.0.1 is not free ({_holder(port) or error.strerror}). "
                f"Stop what uses it, or choose another: {variable}={port + 1000} make demo"
            ) from error


def _holder(port: int) -> str | None:
    for connection in psutil.net_connections("tcp"):
        if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
            if connection.pid is None:
                return None
            return f"taken by {psutil.Process(connection.pid).name()}, pid {connection.pid}"
    return None


def _exists(program: str) -> bool:
    return any(Path("/").glob(program.removeprefix("/"))) or shutil.which(Path(program).name) is not None


def _apt(command: list[str], missing: list[str]) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    result = subprocess.run(["apt-get", *command], env=environment, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        reason = result.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise DevError(
            f"Debian's packages {', '.join(missing)} could not be installed: {reason[0]} "
            f"Mend apt's sources or the network, or run it yourself: apt-get install {' '.join(missing)}"
        )


@contextmanager
def _services_not_started() -> Iterator[None]:
    """Debian's way to install a daemon without starting it (invoke-rc.d asks policy-rc.d, 101 says no)."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()


@contextmanager
def _no_main_cluster() -> Iterator[None]:
    """Debian's postgresql makes a cluster of its own on installation, which nobody asked for (pg_createcluster(8))."""
    if _CREATECLUSTER.exists():
        yield
        return
    _CREATECLUSTER.parent.mkdir(exist_ok=True)
    _CREATECLUSTER.write_text("create_main_cluster = false\n")
    try:
        yield
    finally:
        default = Path("/usr/share/postgresql-common/createcluster.conf")
        if default.exists():
            shutil.copyfile(default, _CREATECLUSTER)
        else:
            _CREATECLUSTER.unlink()
