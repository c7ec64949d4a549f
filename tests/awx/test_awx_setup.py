"""docs/awx.md: its commands prepare AWX, a second time they change nothing, and people order with what they made."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.awx.awx_server import PROJECT, Awx, running_awx
from tests.awx.catalogue import as_the_api_gives_it
from tests.waiting import wait_until

GUIDE = (PROJECT / "docs" / "awx.md").read_text()
SECRETS = {"NETBOX_TOKEN": "nbt_Key12345.TheSecretOfNetBox", "TRUNKLINE_TOKEN": "tl_TheSecretOfTrunkline"}


@pytest.fixture(scope="module")
def awx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Awx]:
    """A stand-in with nothing in it."""
    with running_awx(tmp_path_factory.mktemp("awx")) as started:
        yield started


@pytest.fixture(scope="module")
def catalogue() -> dict[str, Any]:
    return as_the_api_gives_it()


def _shell(command: str, awx: Awx, folder: Path, **environment: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TRUNKLINE_", "NETBOX_"))}
    known = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "NETBOX_URL": "http://127.0.0.1:1",
        "TRUNKLINE_URL": "http://127.0.0.1:1",
        "ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg"),
        "ANSIBLE_INVENTORY": str(PROJECT / "inventory" / "hosts.yml"),
        "ANSIBLE_NOCOLOR": "1",
    }
    settings = {name: value for name, value in awx.settings.items() if name != "TRUNKLINE_LAUNCHER"}
    done = subprocess.run(
        ["bash", "-e", "-c", command],
        cwd=folder, env=kept | known | SECRETS | settings | environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _commands(guide: str, first_word: str) -> list[str]:
    """The commands of the guide that begin with a word, continued lines included."""
    blocks = re.findall(r"(?:^ {4}.*\n)+", guide, re.MULTILINE)
    lines = "".join(blocks).replace("\\\n", "").splitlines()
    text = "\n".join(line.strip() for line in lines)
    return re.findall(rf"^{first_word} (?:[^\n']|'[^']*')*", text, re.MULTILINE)


def _repository(folder: Path) -> Path:
    """What AWX fetches with git: the playbooks and the inventory of this checkout."""
    for name in ("playbooks", "inventory", "collections/requirements.yml", "ansible.cfg"):
        source, target = PROJECT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    author = ["-c", "user.name=tests", "-c", "user.email=tests@example.org"]
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "Playbooks"]):
        subprocess.run(["git", *author, *command], cwd=folder, check=True)
    return folder


def test_the_guide_sets_awx_up_and_a_second_time_changes_nothing(
    awx: Awx, catalogue: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "key").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nTheSecretOfTheKey\n")
    (tmp_path / "known_hosts").write_text("172.20.20.11 ssh-ed25519 AAAA\n")
    source = {"scm_type": "git", "scm_url": f"file://{_repository(tmp_path / 'repository')}", "scm_branch": "main"}
    given = {"awx_project_source": source, "awx_known_hosts_file": str(tmp_path / "known_hosts"), **catalogue}
    (tmp_path / "awx.json").write_text(json.dumps(given))
    (tmp_path / "playbooks").symlink_to(PROJECT / "playbooks")
    check, apply = _commands(GUIDE, "ansible-playbook playbooks/awx_setup.yml")
    key = {"ANSIBLE_PRIVATE_KEY_FILE": str(tmp_path / "key")}

    planned = _shell(check, awx, tmp_path, **key)
    assert awx.all("organizations") == []
    done = _shell(apply, awx, tmp_path, **key)
    for line in (planned, done):
        assert "changed=1" in line
    for secret in (*SECRETS.values(), "TheSecretOfTheKey"):
        assert secret not in planned + done
    again = _shell(apply, awx, tmp_path, **key)
    assert "changed=0" in again

    assert {item["name"] for item in awx.all("credentials")} == {"NetBox", "Trunkline", "Routers"}
    (netbox,) = awx.all("credentials", name="NetBox")
    assert netbox["inputs"] == {"url": "http://127.0.0.1:1", "token": "$encrypted$"}
    (project,) = awx.all("projects")
    assert project["status"] == "successful"
    (inventory,) = awx.all("inventories", name="Trunkline")
    assert [host["name"] for host in awx.call("GET", f"inventories/{inventory['id']}/hosts/", 200)["results"]] == [
        "localhost"
    ]
    assert {item["name"] for item in awx.all("job_templates", name__startswith="Trunkline ")} >= {
        "Trunkline node_provision", "Trunkline circuit_terminate", "Trunkline netbox_bootstrap",
    }  # fmt: skip
    (template,) = awx.all("job_templates", name="Order Core circuit 10G")
    survey = awx.call("GET", f"job_templates/{template['id']}/survey_spec/", 200)
    questions = {question["variable"]: question for question in survey["spec"]}
    assert questions["order_a_node"]["required"]
    assert (questions["order_isis_metric"]["type"], questions["order_isis_metric"]["max"]) == ("integer", 16777214)
    assert questions["order_under_maintenance"]["choices"] == "false\ntrue"


def test_people_order_and_a_workflow_waits_for_its_approval(
    awx: Awx, catalogue: dict[str, Any], tmp_path: Path
) -> None:
    network = tmp_path / "network"
    network.mkdir()
    (awx.projects / "api").symlink_to(PROJECT / "tests" / "api")
    kind = awx.make(
        "credential_types", name="Network of files", kind="cloud",
        inputs={"fields": [{"id": "path", "type": "string"}]}, injectors={"env": {"TEST_NETWORK": "{{ path }}"}},
    )  # fmt: skip
    (home,) = awx.all("organizations") or [awx.make("organizations", name="Trunkline")]
    values = {"organization": home["id"], "credential_type": kind["id"], "inputs": {"path": str(network)}}
    awx.make("credentials", name="Network", **values)
    given = {
        "awx_foundation": [
            {"type": "projects", "values": {"name": "Files", "scm_type": "", "local_path": "api"}},
            {"type": "inventories", "values": {"name": "Files"}},
        ],
        "awx_template": {
            "project": "Files", "inventory": "Files", "credentials": ["Network"], "allow_simultaneous": True,
        },
        "awx_playbooks": [],
        **catalogue,
        # The project of files has no playbooks for what else can be ordered.
        "products": [item for item in catalogue["products"] if item["slug"].startswith(("node-", "core-circuit-"))],
    }  # fmt: skip
    (tmp_path / "awx.json").write_text(json.dumps(given))
    _shell(f"ansible-playbook {PROJECT}/playbooks/awx_setup.yml -e @awx.json", awx, tmp_path)

    (order,) = _commands(GUIDE, "curl")
    job = json.loads(_shell(order, awx, tmp_path))
    assert job["ignored_fields"] == {}
    assert awx.wait_for("jobs", job["job"], "successful", "failed", "error")["status"] == "successful"
    (node,) = network.iterdir()
    assert node.read_text() == "ams-pe ams pe\n"

    (workflow,) = awx.all("workflow_job_templates", name="Order Node FRR with approval")
    path = f"workflow_job_templates/{workflow['id']}/launch/"
    said = awx.call("POST", path, 400, json={"extra_vars": {"order_customer": "noc"}})
    assert "'order_name' value missing" in said["variables_needed_to_start"]
    # The same names are the same subscription; what may change, does.
    answers = json.loads(job["extra_vars"]) | {"order_role": "p"}
    answers = {name: value for name, value in answers.items() if name.startswith("order_")}
    run = awx.call("POST", path, 201, json={"extra_vars": answers})["workflow_job"]
    wait_until(lambda: awx.all("workflow_approvals", status="pending") != [], 60)
    assert node.read_text() == "ams-pe ams pe\n"
    (approval,) = awx.all("workflow_approvals")
    awx.call("POST", f"workflow_approvals/{approval['id']}/approve/", 204)
    awx.call("POST", f"workflow_approvals/{approval['id']}/approve/", 400)
    assert awx.wait_for("workflow_jobs", run, "successful", "failed")["status"] == "successful"
    assert node.read_text() == "ams-pe ams p\n"
