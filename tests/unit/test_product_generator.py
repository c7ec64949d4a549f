"""`trunkline product new`: what it writes is right as it is, and what it cannot write it says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.checkout import ROOT, copy_checkout
from trunkline.catalog.generator import Description, generate, load
from trunkline.errors import Conflict, Invalid

BIN = Path(sys.executable).parent
DEVICE = {"role": "tap", "manufacturer": "generic", "type": "tap", "platform": "tap"}
# Every kind of field, a long name, a device that is configured.
RICH = {
    "name": "Passive tap of 24 letter",
    "description": "A tap on a node's interface that copies all of its light",
    "device": {**DEVICE, "interfaces": ["Ethernet1/1"], "configure": True},
    "status": "hidden",
    "customers": ["noc", "uni-a"],
    "fixed_inputs": {"loss_db": 3},
    "fields": {
        "node": {"type": "node"},
        "interface": {"type": "interface", "unique": True},
        "collector": {"type": "address", "changeable": True},
        "label": {"default": 'the "first"', "changeable": True},
        "lit": {"type": "boolean", "default": False},
        "host": {"type": "hostname", "optional": True, "unique": True},
        "tags": {"type": "slug", "many": True, "default": ["a", "b"]},
        "spare": {"optional": True, "fields": {"port": {"type": "interface"}, "lanes": {"type": "integer"}}},
        "filters": {
            "many": True,
            "fields": {"name": {"type": "slug"}, "rules": {"many": True, "fields": {"text": {}}}},
        },
    },
}


def describe(**changes: object) -> Description:
    return Description.model_validate({**RICH, **changes})


@pytest.mark.timeout(600)
def test_what_is_written_passes_as_it_is(tmp_path: Path) -> None:
    for linter in ("ruff", "mypy", "ansible-lint"):
        if not (BIN / linter).exists():
            pytest.skip(f"{linter} is not installed: `make lint` brings it")
    project = copy_checkout(tmp_path / "trunkline")
    example = load(ROOT / "examples/firewall.yml").model_copy(update={"name": "Firewall of a test"})
    written = generate("firewall-of-a-test", example, project)
    written += generate("passive-optical-tap-four", describe(), project)
    python = [str(path) for path in written if path.suffix == ".py"]
    playbooks = [str(path) for path in written if path.suffix == ".yml"]
    assert (len(python), len(playbooks)) == (4, 4)
    # What git does not know, ansible-lint does not look at.
    subprocess.run(["git", "init", "-q"], cwd=project, check=True)
    environment = {**os.environ, "PYTHONPATH": str(project / "api"), "PATH": f"{BIN}:{os.environ['PATH']}"}
    for command in (
        ["ruff", "check", *python],
        ["ruff", "format", "--check", *python],
        ["yamllint", "--strict", *playbooks],
        ["ansible-lint", *playbooks],
        ["mypy", "--cache-dir", str(ROOT / ".mypy_cache"), *python],
        ["pytest", "-q", "-k", "an_order_needs", *(name for name in python if "test_" in name)],
    ):
        program = str(BIN / command[0])
        done = subprocess.run(
            [program, *command[1:]],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    for folder in ("api/trunkline/catalog/products", "playbooks", "tests/netbox"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "playbooks/tap_terminate.yml").write_text("mine")
    with pytest.raises(Conflict, match=r"playbooks/tap_terminate.yml: there already"):
        generate("tap", describe(), tmp_path)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["tap_terminate.yml"]
    with pytest.raises(Invalid, match="NAME: 'Tap' must be at most 24 lower-case"):
        generate("Tap", describe(), tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"device": {"role": "tap"}}, r"device\.manufacturer: Field required"),
        ({"color": "red"}, r"color: Extra inputs"),
        ({"fields": {"name": {}}}, r"name: every device has name, site"),
        ({"fields": {"class": {}}}, r"'class' must be a Python name"),
        ({"fields": {"values": {}}}, r"'values' means something else"),
        ({"fields": {"role": {}}}, r"role is a fixed input, too"),
        ({"fields": {"x": {"type": "colour"}}}, r"fields\.x\.type: Input should be 'text'"),
        ({"fields": {"x": {"optional": True, "default": 1}}}, r"optional: means that there is no default"),
        ({"fields": {"x": {"many": True, "unique": True}}}, r"unique: is for single values"),
    ],
)
def test_a_wrong_description_is_refused_by_its_entry(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    file = tmp_path / "tap.yml"
    file.write_text(yaml.safe_dump({**RICH, **changes}))
    with pytest.raises(Invalid, match=message):
        load(file)
    with pytest.raises(Invalid, match="cannot be read"):
        load(tmp_path / "none.yml")
