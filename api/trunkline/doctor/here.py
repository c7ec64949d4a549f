"""This machine: versions, the checkout, the directory in memory."""

import os
import stat
import sys
from collections.abc import Iterator
from importlib.metadata import requires
from importlib.metadata import version as installed
from pathlib import Path

from packaging.requirements import Requirement

from trunkline.doctor.check import Check
from trunkline.settings import Settings

_COLLECTION = Path("collections/ansible_collections/trunkline/network")
# A socket's path has 107 characters at most (unix(7)); "/trunkline-run-PID-RANDOM/ssh/" and ssh's own name take 63.
_LONGEST = 44


def here(settings: Settings) -> Iterator[Check]:
    """What the service needs of the machine that it runs on."""
    yield Check("Python", "ok", sys.version.split()[0])
    yield from _packages()
    yield _collection(settings)
    yield _runtime_dir(settings.runtime_dir)


def _packages() -> Iterator[Check]:
    for text in requires("trunkline") or ():
        wanted = Requirement(text)
        if wanted.marker is not None:
            continue
        found = installed(wanted.name)
        if wanted.name == "ansible-core" or not wanted.specifier.contains(found, prereleases=True):
            fits = wanted.specifier.contains(found, prereleases=True)
            remedy = "" if fits else f"needs {wanted.specifier}: uv sync --frozen"
            yield Check(wanted.name, "ok" if fits else "wrong", found, remedy)


def _collection(settings: Settings) -> Check:
    manifest = settings.project_dir / _COLLECTION / "galaxy.yml"
    if not manifest.is_file():
        remedy = "set TRUNKLINE_PROJECT_DIR to the checkout"
        return Check("collection", "warning", f"not in {settings.project_dir}", remedy)
    found = next(
        line.split(":")[1].strip() for line in manifest.read_text().splitlines() if line.startswith("version:")
    )
    return Check("collection", "ok", found)


def _runtime_dir(path: Path) -> Check:
    name = "runtime directory"
    if not os.access(path, os.W_OK | os.X_OK):
        return Check(name, "wrong", f"{path} cannot be written", "set TRUNKLINE_RUNTIME_DIR to a directory in memory")
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    under = max((mount for mount in mounts if path.resolve().is_relative_to(mount[1])), key=lambda mount: len(mount[1]))
    if under[2] not in ("tmpfs", "ramfs"):
        remedy = "set TRUNKLINE_RUNTIME_DIR to a directory in memory: what a run writes there must not stay on a disk"
        return Check(name, "warning", f"{path} is on {under[2]}", remedy)
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o002 and not mode & stat.S_ISVTX:
        return Check(name, "wrong", f"{path}: everybody may remove what is there", f"chmod 1777 {path}, or 0700")
    if len(os.fsencode(path)) > _LONGEST:
        remedy = f"set TRUNKLINE_RUNTIME_DIR to at most {_LONGEST} characters: ssh puts a socket deep into it"
        return Check(name, "warning", f"{path} is too long: no router is reached by ssh", remedy)
    return Check(name, "ok", f"{path} on {under[2]}")
