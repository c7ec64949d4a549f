"""What the collection says of itself, in its README and metadata, is so."""

import ast
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COLLECTION = ROOT / "collections/ansible_collections/trunkline/network"
PLUGINS = COLLECTION / "plugins"
ROLES = sorted(path.name for path in (COLLECTION / "roles").iterdir())
# pynetbox brings it; Ansible is what a collection runs in.
BROUGHT = {"requests", "ansible", "ansible_collections", "jinja2", "yaml"}


def read(path: str) -> Any:
    return yaml.safe_load((COLLECTION / path).read_text())


def options_of(role: str) -> dict[str, dict[str, Any]]:
    """Those of all its ways in."""
    ways: dict[str, dict[str, Any]] = read(f"roles/{role}/meta/argument_specs.yml")["argument_specs"]
    return {name: option for way in ways.values() for name, option in way["options"].items()}


def defaults_of(role: str) -> dict[str, Any]:
    return read(f"roles/{role}/defaults/main.yml") or {}


def test_an_execution_environment_installs_what_the_service_is_tested_with() -> None:
    environment = read("meta/execution-environment.yml")
    wanted = (COLLECTION / environment["dependencies"]["python"]).read_text().split()
    locked = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert wanted
    assert set(wanted) <= set(locked)


def test_an_execution_environment_installs_all_that_the_plugins_import() -> None:
    wanted = (COLLECTION / "meta/ee-requirements.txt").read_text().split()
    named = {re.split(r"[^\w-]", line)[0] for line in wanted}
    imported = {name.split(".")[0] for path in PLUGINS.rglob("*.py") for name in imports(path)}
    assert imported - BROUGHT - set(sys.stdlib_module_names) == named


def imports(path: Path) -> list[str]:
    """What a file imports, by absolute name."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.append(node.module)
    return found


def test_the_documented_version_of_pynetbox_is_the_required_one() -> None:
    lowest = re.search(r"pynetbox>=([\d.]+)", (COLLECTION / "meta/ee-requirements.txt").read_text())
    assert lowest is not None
    assert f"pynetbox >= {lowest[1]}\n" in (PLUGINS / "doc_fragments/netbox.py").read_text()


@pytest.mark.parametrize("claim", ["README.md", *(f"roles/{role}/meta/main.yml" for role in ROLES)])
def test_one_lowest_version_of_ansible_is_named_everywhere(claim: str) -> None:
    lowest = re.fullmatch(r">=(\d+\.\d+)\.0", read("meta/runtime.yml")["requires_ansible"])
    assert lowest is not None
    said = re.search(r"(?:ansible-core |min_ansible_version: \")([\d.]+)", (COLLECTION / claim).read_text())
    assert said is not None
    assert said[1] == lowest[1]


def test_the_readme_s_table_names_every_module_role_and_inventory_and_no_other() -> None:
    text = (COLLECTION / "README.md").read_text()
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| ") and "`" in line.split("|")[1]]
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    plugins = {path.stem for kind in ("modules", "inventory", "filter") for path in (PLUGINS / kind).glob("[a-z]*.py")}
    assert named >= {path.stem for path in (PLUGINS / "modules").glob("*.py")} | set(ROLES)
    filters = {path.stem for path in (PLUGINS / "filter").glob("*.yml")}
    assert named <= plugins | filters | set(ROLES)


def test_the_action_group_holds_every_module_that_talks_to_netbox() -> None:
    group = set(read("meta/runtime.yml")["action_groups"]["all"])
    talking = {
        path.stem for path in (PLUGINS / "modules").glob("*.py") if "trunkline.network.netbox\n" in path.read_text()
    }
    assert group == talking


@pytest.mark.parametrize("role", ROLES)
def test_a_role_s_arguments_are_all_described_with_their_defaults(role: str) -> None:
    options, defaults = options_of(role), defaults_of(role)
    assert [name for name, option in options.items() if not option["description"]] == []
    # A list of NetBox objects is not written twice, and what another role has learned has no value here.
    long = {name for name, value in defaults.items() if value and isinstance(value, list)}
    learned = {name for name, value in defaults.items() if "{{" in str(value)} - long
    assert {name for name, option in options.items() if "defaults/main.yml" in option["description"]} == long
    short = {name: value for name, value in defaults.items() if name not in long | learned}
    assert {name: option["default"] for name, option in options.items() if "default" in option} == short
    assert set(defaults) <= set(options)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_uses_no_variable_that_it_does_not_describe(role: str) -> None:
    folder = COLLECTION / "roles" / role
    files = [path for name in ("tasks", "templates", "vars", "defaults") for path in (folder / name).glob("**/*.*")]
    used = {name for path in files for name in re.findall(rf"\b{role}_\w+", path.read_text())}
    tasks = "".join(path.read_text() for path in (folder / "tasks").glob("*.yml"))
    own = set(re.findall(rf"(?:register: |^ +)({role}_\w+)", tasks, re.MULTILINE))
    variables = folder / "vars/main.yml"
    own |= set(yaml.safe_load(variables.read_text())) if variables.exists() else set()
    assert used - own - set(options_of(role)) == set()
