"""`make image`: carry out the Dockerfile's own steps in bare Debian trees, where no Docker engine runs.

debootstrap makes what the base image is (the same suite, `minbase`); each stage gets a copy of it, and FROM, COPY, ENV,
WORKDIR, RUN and USER are carried out with chroot. Then it looks at what came of it. Needs root and a Debian mirror.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from trunkline.dev.errors import DevError
from trunkline.dev.state import PROJECT

_TREES = PROJECT / ".trunkline" / "image"
_BASE = re.compile(r"debian:(\w+)-slim")
_COMPILERS = ("cc", "gcc", "g++", "clang", "make", "ld", "uv", "pip")
# As the build of an image gets them from the engine: the way out, and who is to be trusted on it.
_PASSED_ON = ("http_proxy", "https_proxy", "no_proxy", "PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL")


@dataclass
class Stage:
    """A stage of the build: its tree, and what its instructions have set."""

    root: Path
    name: str = ""
    folder: str = "/"
    user: str = "root"
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})


def instructions(text: str) -> list[tuple[str, str]]:
    """(instruction, its arguments) of a Dockerfile, comments left out and continued lines joined."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [
        (word, rest.strip()) for line in joined.splitlines() if line.strip() for word, _, rest in [line.partition(" ")]
    ]


def build() -> Stage:
    """Carry out all of the Dockerfile; the last stage."""
    stages: list[Stage] = []
    for word, rest in instructions((PROJECT / "Dockerfile").read_text()):
        print(f"{word} {rest}", flush=True)
        match word:
            case "FROM":
                base, _, name = rest.partition(" AS ")
                stages.append(Stage(_copy_of(base, len(stages)), name))
            case "RUN":
                run(stages[-1], ["sh", "-c", rest])
            case "COPY":
                copy(stages, rest)
            case "ENV":
                for pair in shlex.split(rest):
                    name, _, value = pair.partition("=")
                    stages[-1].environment[name] = value
            case "WORKDIR":
                stages[-1].folder = rest
                (stages[-1].root / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
            case "USER":
                stages[-1].user = rest
            case "EXPOSE" | "ENTRYPOINT" | "CMD":
                pass
            case _:
                raise DevError(f"Dockerfile: {word} is not known here; teach trunkline.dev.image what it does.")
    return stages[-1]


def prove(stage: Stage) -> None:
    """Look at the final stage: who runs in it, that it works, and that nothing can be compiled in it."""
    if stage.user in ("", "root", "0"):
        raise DevError("Dockerfile: the final stage runs as root.")
    found = [name for name in _COMPILERS if shutil.which(name, path=_path_in(stage))]
    if found:
        raise DevError(f"Dockerfile: the final stage has {', '.join(found)}.")
    if list(stage.root.glob("opt/venv/lib/python3*/site-packages/trunkline/dev")):
        raise DevError("Dockerfile: the final stage has trunkline.dev, which is not for production.")
    for command in ("trunkline --help", "trunkline worker --help", "ansible-playbook --version", "ssh -V",
                    "ansible-doc -t module trunkline.network.node"):  # fmt: skip
        run(stage, shlex.split(command), quiet=True)
    size = subprocess.run(["du", "-sm", str(stage.root)], capture_output=True, text=True, check=True).stdout.split()[0]
    print(f"The image is built: {size} MB, runs as {stage.user}, without {', '.join(_COMPILERS)}.")


def run(stage: Stage, argv: list[str], *, quiet: bool = False) -> None:
    """Run a command in the stage's tree, as its user, with its environment and nothing of ours."""
    trust = "/etc/ssl/certs/trunkline-build.crt"
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    inside = stage.environment | passed | {"HOME": "/root" if stage.user == "root" else stage.folder}
    inside |= {"SSL_CERT_FILE": trust, "PIP_CERT": trust, "DEBIAN_FRONTEND": "noninteractive"}
    environment = [f"{name}={value}" for name, value in inside.items()]
    who = [] if stage.user == "root" else [f"--userspec={stage.user}"]
    enter = ["chroot", *who, str(stage.root), "env", "--ignore-environment", f"--chdir={stage.folder}", *environment]
    done = subprocess.run([*enter, *argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise DevError(f"{shlex.join(argv)} failed with {done.returncode}:\n{done.stdout[-4000:]}")
    if not quiet:
        print("\n".join(done.stdout.splitlines()[-2:]), flush=True)


def copy(stages: list[Stage], rest: str) -> None:
    """COPY, from the checkout (without what .dockerignore leaves out) or from an earlier stage."""
    words = shlex.split(rest)
    source = PROJECT
    if words[0].startswith("--from="):
        name = words.pop(0).removeprefix("--from=")
        source = next(stage.root for stage in stages if stage.name == name)
    *what, to = words
    target = (
        stages[-1].root / stages[-1].folder.lstrip("/") / to if not to.startswith("/") else stages[-1].root / to[1:]
    )
    for name in what:
        found = source / name.lstrip("/")
        ignored = shutil.ignore_patterns("__pycache__", "tests", "dev", ".ansible") if source == PROJECT else None
        if found.is_dir():
            shutil.copytree(found, target, symlinks=True, dirs_exist_ok=True, ignore=ignored)
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy2(found, target)


def _copy_of(base: str, number: int) -> Path:
    """A fresh copy of the base image's tree."""
    known = _BASE.fullmatch(base)
    if known is None:
        raise DevError(f"Dockerfile: FROM {base}: only debian:SUITE-slim can be made here.")
    suite, bare = known[1], _TREES / f"bare-{known[1]}"
    if not (bare / "etc/os-release").exists():
        shutil.rmtree(bare, ignore_errors=True)
        bare.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["debootstrap", "--variant=minbase", suite, str(bare)], check=True, stdout=subprocess.DEVNULL)
    tree = _TREES / f"stage-{number}"
    shutil.rmtree(tree, ignore_errors=True)
    subprocess.run(["cp", "--archive", str(bare), str(tree)], check=True)
    shutil.copy2("/etc/resolv.conf", tree / "etc/resolv.conf")
    (tree / "etc/ssl/certs").mkdir(parents=True, exist_ok=True)
    shutil.copy2("/etc/ssl/certs/ca-certificates.crt", tree / "etc/ssl/certs/trunkline-build.crt")
    return tree


def _path_in(stage: Stage) -> str:
    return os.pathsep.join(f"{stage.root}{folder}" for folder in stage.environment["PATH"].split(":"))


def main() -> int:
    """Build and look; 0, or 1 with one sentence on standard error."""
    if shutil.which("debootstrap") is None or os.geteuid() != 0:
        print("make image needs root and debootstrap: apt-get install debootstrap.", file=sys.stderr)
        return 1
    try:
        prove(build())
    except DevError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
