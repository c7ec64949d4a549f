"""The execution environment: ansible-builder takes it, and what it names is all that the playbooks need."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.awx.awx_server import PROJECT

BIN = Path(sys.executable).parent
COLLECTION = PROJECT / "collections/ansible_collections/trunkline/network"
DEFINITION = yaml.safe_load((PROJECT / "execution-environment.yml").read_text())["dependencies"]


def _run(argv: list[str | Path], **environment: str) -> str:
    done = subprocess.run(
        [str(part) for part in argv],
        cwd=PROJECT, env=os.environ | environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_ansible_builder_makes_a_build_context_for_awx(tmp_path: Path) -> None:
    context = tmp_path / "context"
    _run([BIN / "ansible-builder", "create", "--context", context, "--output-filename", "Containerfile"])
    assert "FROM $EE_BASE_IMAGE" in (context / "Containerfile").read_text()
    assert "pynetbox" in (context / "_build" / "requirements.txt").read_text()
    assert "openssh-clients" in (context / "_build" / "bindep.txt").read_text()


def test_the_named_requirements_are_all_that_the_playbooks_need(netbox: dict[str, str], tmp_path: Path) -> None:
    fresh = tmp_path / "fresh"
    installer = shutil.which("uv") or str(PROJECT / ".trunkline" / "uv" / "bin" / "uv")
    if not Path(installer).exists():
        pytest.fail(f"{installer} is not there: `make test` installs it")
    python = fresh / "bin" / "python"
    system = {"UV_SYSTEM_CERTS": "true", "UV_PYTHON_DOWNLOADS": "never"}
    _run([installer, "venv", "-q", "--python", Path(sys.executable).resolve(), fresh], **system)
    named = [DEFINITION[name]["package_pip"] for name in ("ansible_core", "ansible_runner")]
    _run([installer, "pip", "install", "-q", "--python", python, *named, "-r", DEFINITION["python"]], **system)
    # Of the system: the programs of bindep.txt, and the shell that Ansible starts everything with.
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("ssh", "sh"):
        (programs / name).symlink_to(shutil.which(name) or name)
    alone = {
        **netbox,
        "PATH": f"{fresh / 'bin'}{os.pathsep}{programs}",
        "ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg"),
        "HOME": str(tmp_path),
        "VIRTUAL_ENV": "",
        "PYTHONPATH": "",
    }
    play = [fresh / "bin" / "ansible-playbook"]
    _run([*play, "playbooks/netbox_bootstrap.yml", "-e", "@examples/workshop.yml"], **alone)
    planned = _run([*play, "playbooks/node_provision.yml", "-e", "@examples/ams-pe.yml", "--check", "--diff",
                    "--skip-tags", "devices"], **alone)  # fmt: skip
    assert "failed=0" in planned
    listed = _run([fresh / "bin" / "ansible-inventory", "-i", "inventory/netbox.yml", "--list"], **alone)
    assert "_meta" in listed


def test_the_collection_names_the_same_requirements() -> None:
    own = yaml.safe_load((COLLECTION / "meta" / "execution-environment.yml").read_text())["dependencies"]
    for kind in ("python", "system"):
        assert PROJECT / DEFINITION[kind] == COLLECTION / own[kind]
