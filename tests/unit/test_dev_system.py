import socket
from pathlib import Path

import pytest

from trunkline.dev import system
from trunkline.dev.errors import DevError


def test_a_taken_port_is_named_with_its_holder_and_the_way_out() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(DevError, match=rf"Port {port} on .* \(taken by .+, pid \d+\).*NETBOX_PORT="):
            system.require_free_port(port, "NETBOX_PORT")


def test_a_free_port_is_fine() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    system.require_free_port(port, "TRUNKLINE_PORT")


def test_a_package_that_is_not_to_be_had_is_named_with_apt_s_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apt = tmp_path / "apt-get"
    apt.write_text("#!/bin/sh\necho 'E: Unable to locate package frr' >&2\nexit 100\n")
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(system, "_POLICY", tmp_path / "policy-rc.d")
    monkeypatch.setattr(system, "_CREATECLUSTER", tmp_path / "createcluster.conf")
    with pytest.raises(
        DevError, match=r"frr could not be installed: E: Unable to locate package frr .*apt-get install frr"
    ):
        system.ensure_packages({"frr": "/nonexistent/watchfrr"})
    assert sorted(file.name for file in tmp_path.iterdir()) == ["apt-get"]


def test_without_apt_the_packages_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DevError, match="needs frr and this machine has no apt-get"):
        system.ensure_packages({"frr": "/nonexistent/watchfrr"})


def test_without_root_the_lab_is_refused_before_anything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(DevError, match="takes root: use sudo"):
        system.require_root()
