"""Runs ansible-playbook in forks of a process that has Ansible loaded; nothing of a launch outlives its client.

Usage: python warm_server.py LISTENING_FD PARENT_PID LEASE_FD

Loading Ansible is most of what a launch costs; a fork has it loaded already. For each connection (see `warm_client`)
the server forks a supervisor, and that one forks the launch. The supervisor is a child subreaper (prctl(2)):
ansible-playbook puts its workers in sessions of their own, where a signal to its process group misses them, and they
would finish their task when it has long been killed; but all of them are the supervisor's descendants, wherever they
go. It kills them all when the launch has ended, when its client goes, and when the worker's lease has run out (see
`trunkline.runs.lease`: a worker that is frozen, or cut off from the database, has lost its runs to another), and only
then says so. A lease binds whoever may be frozen: the server looks as well, and kills what a supervisor that was killed
or frozen leaves; a launch looks itself before it forks, starts a program or sends a request, so that one which was
frozen with all the others does not go on before they are awake.

Spared are, after a launch that ended well, the processes with which ssh keeps connections open for a time (see
`connections`): they do nothing by themselves, and are the server's from then on.

What depends on the environment is read when Ansible is loaded: the server must be started with that of its launches,
as far as they have one in common. Each launch has an ANSIBLE_LOCAL_TEMP of its own, which its caller removes.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import mmap
import multiprocessing
import multiprocessing.connection
import os
import signal
import socket
import socketserver
import struct
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.cli.playbook import PlaybookCLI
from ansible.plugins import loader

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LOOK_AT_LEASE_S = 0.25
_PATIENCE_S = 1.0
_KILLED = 128 + signal.SIGKILL
# What a launch does to the world begins with one of these (https://docs.python.org/3/library/audit_events.html).
_ACTS = frozenset({"os.fork", "os.exec", "os.posix_spawn", "subprocess.Popen", "socket.connect", "http.client.send"})
# What launches would else load themselves, each of their workers anew: libraries, Ansible's own plugins, and those of
# the collection that the playbooks are written with, which Ansible compiles each time.
_KINDS = (
    loader.become_loader,
    loader.cache_loader,
    loader.connection_loader,
    loader.filter_loader,
    loader.inventory_loader,
    loader.lookup_loader,
    loader.shell_loader,
    loader.strategy_loader,
    loader.test_loader,
)
# Not all callbacks: ansible-runner's reads its launch's environment when it is loaded, and two warn of deprecation.
_CALLBACKS = ("default", "junit", "minimal")
_ACTIONS = ("add_host", "assert", "fail", "set_fact", "set_stats")
_COLLECTION = "trunkline.network"
_LIBRARIES = ("ansible.executor.module_common", "netaddr", "pynetbox")


class _Lease:
    """The worker's lease: as long as it is held, its launches may change things."""

    def __init__(self, file: int) -> None:
        # Kept open, but not by what a launch starts: the worker is dead when nobody has the file any more.
        os.set_inheritable(file, False)
        self._memory = mmap.mmap(file, 8, prot=mmap.PROT_READ)

    @property
    def left_s(self) -> float:
        return float(struct.unpack("=d", self._memory[:8])[0]) - time.clock_gettime(time.CLOCK_BOOTTIME)

    def bind(self) -> None:
        """This process and its forks end before one of them acts without the lease."""
        launch = os.getpid()

        def hook(event: str, _arguments: tuple[Any, ...]) -> None:
            if event in _ACTS and self.left_s < 0:
                # First the launch: it would take the death of a fork for a task that failed.
                for pid in (launch, os.getpid()):
                    os.kill(pid, signal.SIGKILL)

        sys.addaudithook(hook)


class _Launch(socketserver.BaseRequestHandler):
    """One launch; runs in the supervisor's process."""

    request: socket.socket
    server: "_Server"

    def handle(self) -> None:
        """Take the client's terminal and words, run the playbook, end all of it, tell the exit status."""
        # A server that is gone must refuse its clients, not leave them waiting.
        self.server.socket.close()
        _mark, terminal, _flags, _address = socket.recv_fds(self.request, 1, 3)
        with self.request.makefile(encoding="utf-8") as words:
            asked: dict[str, Any] = json.loads(words.readline())
        for target, given in enumerate(terminal):
            os.dup2(given, target)
            os.close(given)
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
        os.setsid()
        launch = multiprocessing.get_context("fork").Process(target=_play, args=[self.server.lease], kwargs=asked)
        launch.start()
        try:
            ready: list[Any] = []
            while self.server.lease.left_s >= 0 and not ready:
                # The client says nothing more: what can be read from it is its end.
                ready = multiprocessing.connection.wait([launch.sentinel, self.request], _LOOK_AT_LEASE_S)
            if launch.sentinel in ready:
                launch.join()
                code = launch.exitcode or 0
                self.status = code if code >= 0 else 128 - code
            elif not ready:
                self.status = _KILLED
        finally:
            # What ended well may be gone on with: the run's next launch finds its connections open.
            _kill_descendants(but=_is_open_connection if self.status == 0 else None)

    status = 128 + signal.SIGTERM

    def finish(self) -> None:
        """Tell the client, if it is still there."""
        try:
            self.request.sendall(bytes([self.status]))
        except BrokenPipeError:
            sys.exit()


class _Server(socketserver.ForkingUnixStreamServer):
    """Forks a `_Launch` for each connection, until its parent dies."""

    block_on_close = False

    def __init__(self, listener: socket.socket, parent: int, lease: _Lease) -> None:
        super().__init__("", _Launch, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.lease = lease
        self._parent = parent
        # What a supervisor leaves that was killed becomes ours.
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)

    def service_actions(self) -> None:
        """Called twice a second."""
        super().service_actions()
        if os.getppid() != self._parent:
            sys.exit()
        supervisors: set[int] = self.active_children or set()
        lost = self.lease.left_s < -_PATIENCE_S
        left = {pid for pid in _children() - supervisors if lost or not _is_open_connection(pid)}
        _kill(left)
        if lost:
            # One that is frozen does not look itself. What it leaves is ours at the next look.
            _kill(supervisors)
        self.active_children = supervisors | left  # that they are waited for


def _play(lease: _Lease, arguments: list[str], environment: dict[str, str], directory: str) -> None:
    # What a supervisor that is killed leaves goes at once, as far as it is Ansible itself.
    _die_with_parent()
    os.register_at_fork(after_in_child=_die_with_parent)
    lease.bind()
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(directory)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    # Each launch makes its loader of collections ready, and finds that it is.
    warnings.filterwarnings("ignore", "AnsibleCollectionFinder has already been configured")
    # What was made when Ansible was loaded is every launch's: of it only the built modules, which hold no arguments.
    common = Path(constants.DEFAULT_LOCAL_TMP, "ansiballz_cache")
    common.mkdir(exist_ok=True)
    constants.DEFAULT_LOCAL_TMP = tempfile.mkdtemp(prefix="ansible-local-", dir=environment["ANSIBLE_LOCAL_TEMP"])
    Path(constants.DEFAULT_LOCAL_TMP, common.name).symlink_to(common)
    PlaybookCLI.cli_executor(["ansible-playbook", *arguments])


def _kill_descendants(but: Callable[[int], bool] | None) -> None:
    """Kill children until there are none (`but` these): those of a killed child become ours."""
    while left := {pid for pid in _children() if but is None or not but(pid)}:
        _kill(left)
        for pid in left:
            os.waitpid(pid, 0)


def _is_open_connection(process: int) -> bool:
    """Whether it is the one that ssh leaves to keep a connection open, for a time (ControlPersist in ssh_config(5))."""
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes()
    except FileNotFoundError:
        return False
    return words.startswith(b"ssh: ") and words.rstrip(b"\0").endswith(b" [mux]")


def _children() -> set[int]:
    return {int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()}


def _kill(processes: set[int]) -> None:
    for pid in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _die_with_parent() -> None:
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    if _LIBC.prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


_LIBC = ctypes.CDLL(None, use_errno=True)


def _load() -> None:
    for library in _LIBRARIES:
        importlib.import_module(library)
    loader.init_plugin_loader()
    for plugins in _KINDS:
        list(plugins.all(class_only=True))
    for name in _CALLBACKS:
        loader.callback_loader.get(name, class_only=True)
    for name in _ACTIONS:
        loader.action_loader.get(name, class_only=True)
    for root in constants.COLLECTIONS_PATHS:
        folder = Path(root, "ansible_collections", *_COLLECTION.split("."), "plugins")
        # A filter has a file of its own for its documentation.
        for plugins, pattern in ((loader.action_loader, "action/*.py"), (loader.filter_loader, "filter/*.yml")):
            for path in folder.glob(pattern):
                plugins.get(f"{_COLLECTION}.{path.stem}", class_only=True)


def main(listener: int, parent: int, lease: int) -> None:
    """Serve until the parent dies."""
    _load()
    gc.collect()
    gc.freeze()
    _Server(socket.socket(fileno=listener), parent, _Lease(lease)).serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
