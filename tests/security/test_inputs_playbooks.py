"""A template in every string that people give to playbooks without the service: answers to AWX's surveys, and files."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.awx.awx_server import PROJECT, Awx, running_awx
from tests.awx.catalogue import as_the_api_gives_it
from tests.security.tried import Tried, put, rendering, strings
from tests.waiting import wait_until

_ENDED = ("successful", "failed", "error", "canceled")
_OF_A_SUBSCRIPTION = (
    "{'name': subscription.customer, 'list': [subscription.customer, subscription.block | to_json], "
    "'deep': {'er': [{'est': subscription.block}], 'subscription': subscription}}"
)
_OF_A_NETWORK = (
    "{'name': network_customer, 'list': network_nodes | map(attribute='site') | list, "
    "'deep': {'er': [{'est': network_circuits}], 'orders': network_orders, 'network': "
    "{'network_nodes': network_nodes, 'network_circuits': network_circuits, 'network_customer': network_customer}}}"
)
_READ_AND_ORDER = """
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.import_role: {name: trunkline.network.network, tasks_from: read}
    - ansible.builtin.set_fact:
        network_orders: >-
          {{ network_nodes | trunkline.network.orders_of(network_circuits, network_namespace, {'nodes': []}) }}
"""


@pytest.fixture(scope="module")
def evaluated() -> Iterator[Path]:
    """The file that an evaluated template leaves; its name is short, since surveys bound their answers."""
    with tempfile.TemporaryDirectory(prefix="t", dir="/tmp") as folder:
        yield Path(folder) / "x"


@pytest.fixture(scope="module")
def template(evaluated: Path) -> str:
    """What is tried."""
    return f"{{{{lookup('pipe','id;>{evaluated}')}}}}"


@pytest.fixture(scope="module")
def awx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Awx]:
    """AWX's stand-in with what awx_setup.yml makes, but that every job template runs the playbook that renders all."""
    folder = tmp_path_factory.mktemp("awx")
    with running_awx(folder / "awx") as started:
        playbooks = started.projects / "files" / "playbooks"
        playbooks.mkdir(parents=True)
        (playbooks / "render.yml").write_text(rendering(_OF_A_SUBSCRIPTION))
        catalogue = as_the_api_gives_it()
        for workflow in catalogue["workflows"]:
            workflow["playbook"] = "render.yml"
        given = catalogue | {
            "awx_foundation": [
                {"type": "projects", "values": {"name": "Files", "scm_type": "", "local_path": "files"}},
                {"type": "inventories", "values": {"name": "Files"}},
            ],
            "awx_template": {"project": "Files", "inventory": "Files", "allow_simultaneous": True},
            "awx_playbooks": [],
        }
        (folder / "awx.json").write_text(json.dumps(given))
        _playbook(folder, PROJECT / "playbooks/awx_setup.yml", "-e", "@awx.json", expect=0, **started.settings)
        yield started


def _playbook(folder: Path, playbook: Path, *arguments: str, expect: int, **environment: str) -> str:
    program = str(Path(sys.executable).with_name("ansible-playbook"))
    known = {
        "ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(PROJECT / "collections"),
        "ANSIBLE_INVENTORY": os.devnull,
        "ANSIBLE_SHOW_CUSTOM_STATS": "1",
        "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
        "ANSIBLE_NOCOLOR": "1",
    }
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("TRUNKLINE_", "NETBOX_"))}
    done = subprocess.run(
        [program, str(playbook), *arguments],
        cwd=folder, env=clean | known | environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout + done.stderr


def _answered(awx: Awx, kind: str, template: Any, value: str, tried: Tried) -> tuple[dict[str, Any], int]:
    """Answers to all questions, as many of them `value` as the survey takes; and how many those are."""
    questions = awx.call("GET", f"{kind}/{template['id']}/survey_spec/", 200)["spec"]
    answers: dict[str, Any] = {
        question["variable"]: question["choices"].splitlines()[0]
        if question["type"] == "multiplechoice"
        else question["min"] or 1
        for question in questions
        if not question["type"].startswith("text")
    }
    texts = [question["variable"] for question in questions if question["type"].startswith("text")]
    for name in list(answers):
        said = awx.client.post(f"{kind}/{template['id']}/launch/", json={"extra_vars": answers | {name: value}})
        tried(f"{template['name']}: {name}", said.status_code, said.text.replace(value, ""))
        assert said.status_code == 400, said.text
    return answers | dict.fromkeys(texts, value), len(texts)


def test_every_answer_to_a_survey_of_awx(awx: Awx, evaluated: Path, template: str) -> None:
    tried = Tried(evaluated)
    launched: list[tuple[Any, dict[str, Any], int, int]] = []
    # One of each form: a withdrawal asks for less of the same, and Node SR Linux for what Node FRR asks for.
    forms = ("Order Node FRR", "Order Core circuit 10G", "Order Port 1G", "Withdraw Core circuit 10G")
    for one in [one for one in awx.all("job_templates") if one["name"] in forms]:
        answers, texts = _answered(awx, "job_templates", one, template, tried)
        job = awx.call("POST", f"job_templates/{one['id']}/launch/", 201, json={"extra_vars": answers})
        assert job["ignored_fields"] == {}
        launched.append((one, answers, texts, job["job"]))
    (workflow,) = awx.all("workflow_job_templates", name="Order Node FRR with approval")
    answers, texts = _answered(awx, "workflow_job_templates", workflow, template, tried)
    path = f"workflow_job_templates/{workflow['id']}/launch/"
    started = awx.call("POST", path, 201, json={"extra_vars": answers})["workflow_job"]
    nodes = f"workflow_jobs/{started}/workflow_nodes/"
    wait_until(lambda: any(node["job"] for node in awx.call("GET", nodes, 200)["results"]), 60)
    planned = next(node["job"] for node in awx.call("GET", nodes, 200)["results"] if node["job"])
    launched.append((workflow, answers, texts, planned))
    for one, given, taken, number in launched:
        job = awx.wait_for("jobs", number, *_ENDED)
        assert job["status"] == "successful", job
        subscription = job["artifacts"]["order"]["deep"]["subscription"]
        for name in [name for name, answer in given.items() if answer == template]:
            tried(f"{one['name']}: {name}", 200, json.dumps(job).replace(json.dumps(template)[1:-1], ""))
        came_back = [place for place in strings(subscription) if _at(subscription, place) == template]
        assert len(came_back) == taken, (one["name"], subscription)
    tried.tell("answers to AWX's surveys")
    assert len(tried.places) > 20


def _at(value: Any, place: tuple[str, ...]) -> Any:
    for step in place:
        if step == "<name>":
            return None
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def test_every_string_of_a_file_with_a_network(evaluated: Path, template: str, tmp_path: Path) -> None:
    network = yaml.safe_load((PROJECT / "examples/network.yml").read_text())
    whole = network
    fixed = {"network_namespace", "management", "node", "interface"}  # what is none of these goes through all of it
    for place in strings(network):
        network = put(network, place, template) if place[-1] not in {*fixed, "<name>"} else network
        whole = put(whole, place, template) if place[-1] != "<name>" else whole
    for number, node in enumerate(network["network_nodes"]):
        node |= {"name": f"{template}{number}", "product": template, "device_type": template, "platform": template}
    for number, circuit in enumerate(network["network_circuits"]):
        circuit |= {"name": f"{template}{number}", "product": template}
        for end, node in (("a", number % 3), ("z", (number + 1) % 3)):
            circuit[end] = {"node": f"{template}{node}", "interface": f"{template}{end}"}
    network |= {template: template, "another": template}
    (tmp_path / "network.yml").write_text(yaml.safe_dump(network))
    (tmp_path / "whole.yml").write_text(yaml.safe_dump(whole))
    (tmp_path / "render.yml").write_text(_READ_AND_ORDER + rendering(_OF_A_NETWORK))
    tried = Tried(evaluated)
    said = _playbook(tmp_path, tmp_path / "render.yml", "-e", "network_file=network.yml", expect=0)
    told = {name: network[name] for name in ("network_nodes", "network_circuits", "network_customer")}
    stats = json.loads(said.partition("CUSTOM STATS: ")[2].partition("RUN: ")[2].partition("\n\n")[0])
    assert stats["order"]["deep"]["network"] == told
    for place in strings(network):
        tried(f"{'.'.join(place)} of a network file, rendered", 200, said.replace(template, ""))
    # The real playbook, which no NetBox answers.
    nowhere = {"NETBOX_URL": "http://127.0.0.1:9", "NETBOX_TOKEN": "nbt_Key12345.TheSecretOfNetBox"}
    playbook = PROJECT / "playbooks/network.yml"
    said = _playbook(tmp_path, playbook, "-e", "network_file=whole.yml", "--check", expect=2, **nowhere)
    assert "127.0.0.1:9" in said
    for place in strings(whole):
        tried(f"{'.'.join(place)} of a network file", 200, said.replace(template, ""))
    tried.tell("a file with a network")
    assert len(tried.places) > 60
