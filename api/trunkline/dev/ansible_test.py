"""`python -m trunkline.dev.ansible_test sanity units`: ansible-test on the collection, without Docker.

ansible-test fills an environment for each sanity test with pip. It fetches pip from a host of its own, and hands pip no
variable of the environment, so behind a mirror of PyPI it fails. Here it gets a home folder in `.trunkline`, for its
environments, the user's pip settings as a file, and a script that installs pip with uv in place of the one that it
would fetch (https://github.com/ansible/ansible/issues/77304).
"""

import configparser
import os
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from types import SimpleNamespace

from ansible_test._internal.python_requirements import get_venv_packages

from trunkline.dev.errors import DevError
from trunkline.dev.state import PROJECT

_COLLECTION = PROJECT / "collections/ansible_collections/trunkline/network"
_HOME = PROJECT / ".trunkline" / "ansible-test"
_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
_INSTALL_PIP = """\
import os, subprocess, sys
command = [{uv!r}, "pip", "install", "--quiet", "--python", sys.executable, "pip=={version}"]
sys.exit(subprocess.run(command, env=os.environ | {environment!r}).returncode)
"""


def main(commands: list[str]) -> int:
    """Run each of ansible-test's commands ("sanity", "units"); one line each, or all that it said if it fails."""
    try:
        index = index_url()
        write(_HOME / ".config/pip/pip.conf", pip_settings(index))
        write(*pip_installer(index))
    except DevError as error:
        print(error, file=sys.stderr)
        return 1
    failed = [command for command in commands if not passes(command)]
    return int(bool(failed))


def passes(command: str) -> bool:
    """Whether `ansible-test command` passes; says so."""
    program = Path(sys.executable).with_name("ansible-test")
    path = os.pathsep.join((str(program.parent), os.environ.get("PATH", os.defpath)))
    environment = os.environ | {"HOME": str(_HOME), "PATH": path}
    argv = [str(program), command, "--local", "--python", _PYTHON, "--color", "no"]
    started = time.monotonic()
    done = subprocess.run(
        argv, cwd=_COLLECTION, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    verdict = "passed" if done.returncode == 0 else "FAILED"
    print(f"{'' if done.returncode == 0 else done.stdout}ansible-test {command} {verdict} "
          f"in {time.monotonic() - started:.0f} s")  # fmt: skip
    return done.returncode == 0


def index_url() -> str | None:
    """The package index in place of PyPI, if uv or pip were told of one."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        if url := os.environ.get(name):
            return url
    for path in (Path(os.environ.get("UV_CONFIG_FILE") or _config_folder() / "uv/uv.toml"), Path("/etc/uv/uv.toml")):
        if path.is_file():
            settings = tomllib.loads(path.read_text(encoding="utf-8"))
            default: dict[str, str] = next((index for index in settings.get("index", []) if index.get("default")), {})
            if url := default.get("url") or settings.get("index-url"):
                return str(url)
    return None


def pip_settings(index: str | None) -> str:
    """A pip.conf that says what the user's own and the variables `PIP_*` say."""
    settings = configparser.RawConfigParser()
    settings.add_section("global")
    # In pip's order, the later wins (https://pip.pypa.io/en/stable/topics/configuration).
    own = os.environ.get("PIP_CONFIG_FILE", "")
    settings.read([Path("~/.pip/pip.conf").expanduser(), _config_folder() / "pip/pip.conf", *filter(None, [own])])
    for name, value in os.environ.items():
        if name.startswith("PIP_") and name != "PIP_CONFIG_FILE":
            settings.set("global", name.removeprefix("PIP_").lower().replace("_", "-"), value)
    if index:
        settings.set("global", "index-url", index)
    return "".join(
        f"[{section}]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items(section))
        for section in settings.sections()
    )


def pip_installer(index: str | None) -> tuple[Path, str]:
    """Where ansible-test looks for its `get-pip.py`, and a script that does its work."""
    version = get_venv_packages(SimpleNamespace(version=_PYTHON))["pip"]
    uv = shutil.which("uv") or str(PROJECT / ".trunkline/uv/bin/uv")
    if not Path(uv).exists():
        raise DevError("uv is not installed; `make lint` installs it.")
    environment = {name: value for name, value in os.environ.items() if name.startswith(("UV_", "SSL_"))}
    environment |= {"HOME": str(Path.home()), "UV_SYSTEM_CERTS": "true"}
    environment |= {"UV_DEFAULT_INDEX": index} if index else {}
    script = _INSTALL_PIP.format(uv=uv, version=version, environment=environment)
    return _HOME / ".ansible/test/cache" / f"get_pip_{version.replace('.', '_')}.py", script


def write(path: Path, text: str) -> None:
    """Write a file for its owner only: an index's URL may hold a password."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")


def _config_folder() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
