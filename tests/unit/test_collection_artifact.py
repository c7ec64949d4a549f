"""The collection stands alone: built, installed into an empty path, and documented there."""

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COLLECTION = ROOT / "collections/ansible_collections/trunkline/network"
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collections path with nothing in it but the built artifact."""
    folder = tmp_path_factory.mktemp("artifact")
    _run("ansible-galaxy", "collection", "build", str(COLLECTION), "--output-path", str(folder), path=folder)
    (artifact,) = folder.glob("trunkline-network-*.tar.gz")
    _run("ansible-galaxy", "collection", "install", str(artifact), "-p", str(folder), "--offline", path=folder)
    return folder


def test_the_artifact_holds_the_collection_and_nothing_of_the_service(installed: Path) -> None:
    (artifact,) = installed.glob("*.tar.gz")
    with tarfile.open(artifact) as archive:
        names = archive.getnames()
    top = {name.split("/")[0] for name in names}
    assert {"plugins", "roles", "meta", "README.md", "LICENSE", "MANIFEST.json"} <= top
    assert not {"api", "tests", "migrations", ".venv", ".trunkline"} & top
    assert not [name for name in names if name.endswith(".pyc")]


def test_the_playbooks_of_the_repository_come_with_it_as_files(installed: Path) -> None:
    shipped = installed / "ansible_collections/trunkline/network/playbooks"
    files = {path.name for path in shipped.iterdir() if path.is_file() and not path.is_symlink()}
    assert files >= {f"{kind}_{what}.yml" for kind in ("node", "circuit") for what in ("provision", "terminate")}
    assert "network.yml" in files
    for name in files:
        assert (shipped / name).read_text() == (ROOT / "playbooks" / name).read_text()


@pytest.mark.parametrize("kind", ["module", "filter", "role", "inventory"])
def test_everything_installed_is_documented(installed: Path, kind: str) -> None:
    listed = json.loads(_run("ansible-doc", "-t", kind, "-l", "--json", "trunkline.network", path=installed))
    documented = json.loads(_run("ansible-doc", "-t", kind, "--json", *listed, path=installed))
    assert set(documented) == set(listed) != set()


def test_each_action_has_its_documentation(installed: Path) -> None:
    plugins = installed / "ansible_collections/trunkline/network/plugins"
    actions = {path.stem for path in (plugins / "action").glob("*.py")}
    assert actions <= {path.stem for path in (plugins / "modules").glob("*.py")}


def test_the_action_group_is_what_takes_the_settings_of_netbox(installed: Path) -> None:
    collection = installed / "ansible_collections/trunkline/network"
    modules = (collection / "plugins/modules").glob("*.py")
    takers = [path.stem for path in modules if "\n  - trunkline.network.netbox\n" in path.read_text()]
    assert yaml.safe_load((collection / "meta/runtime.yml").read_text())["action_groups"]["all"] == sorted(takers)


def _run(program: str, *arguments: str, path: Path) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(path), "ANSIBLE_COLLECTIONS_PATH": str(path)}
    done = subprocess.run(
        [BIN / program, *arguments], cwd=path, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
