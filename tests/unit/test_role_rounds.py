"""How long routers wait for each other, where there are more of them than Ansible handles at a time."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from trunkline.dev.state import PROJECT

ROLES = PROJECT / "collections/ansible_collections/trunkline/network/roles"
_FILES = [str(ROLES / role / part / "main.yml") for role in ("verify", "deploy") for part in ("defaults", "vars")]


@pytest.mark.parametrize(("hosts", "rounds"), [(1, 1), (4, 1), (5, 2), (12, 3)])
def test_the_first_router_waits_until_the_last_has_had_its_turn(tmp_path: Path, hosts: int, rounds: int) -> None:
    waits = [
        f"deploy_waits_s.frr | int == {30 * rounds + 200}",
        f"deploy_waits_s.srlinux | int == {90 * rounds + 200}",
        f"deploy_rounds | int == {rounds}",
        f"verify_rounds | int == {rounds}",
    ]
    play = {
        "hosts": "all",
        "gather_facts": False,
        "vars_files": _FILES,
        "tasks": [{"ansible.builtin.assert": {"that": waits}}],
    }
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    names = "".join(f"node-{number}," for number in range(hosts))
    command = [
        str(Path(sys.executable).parent / "ansible-playbook"),
        "-i",
        names,
        "--forks",
        "4",
        "-e",
        "deploy_meanwhile_s=200",
        "play.yml",
    ]
    ended = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout
