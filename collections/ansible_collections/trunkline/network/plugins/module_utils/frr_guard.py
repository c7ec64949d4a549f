# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""The timer of commit-confirmed: a process on the router that undoes a push which nobody has confirmed in time.

A process of its own session without a terminal: it outlives the module, the ssh session or container exec that
started it, and the controller. It needs no systemd, no cron, and no file of ours but those of the push.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import syslog
import time
from functools import partial

from ansible_collections.trunkline.network.plugins.module_utils import frr_lock, frr_settle
from ansible_collections.trunkline.network.plugins.module_utils.frr_device import DeviceError, Frr

# A confirmed push needs no guard: it looks this often whether it still has something to guard.
LOOK_S = 0.5
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
# Long enough for the slowest push; whoever holds the lock longer is looked for again.
LOCK_WAIT_S = 300.0


def start(vtysh: str) -> None:
    """Start the guard of the unconfirmed push that is on file. Call it before the router is changed."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    code = 1
    try:
        os.setsid()
        if os.fork() == 0:
            _let_go_of_the_caller()
            watch(vtysh)
        code = 0
    finally:
        # Never back into the caller's code, whatever happens.
        os._exit(code)


def watch(vtysh: str) -> None:
    """Wait until the push is confirmed or its time is over; in the latter case undo it, again and again if need be."""
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            push = frr_settle.unconfirmed()
            if push is None:
                return
            if frr_lock.is_held(push.owner):
                time.sleep(LOOK_S)
                continue
            with frr_lock.file_lock(LOCK_WAIT_S) as lock:
                if frr_settle.settle(partial(_frr, lock, vtysh)):
                    _log(f"nobody confirmed the push of '{push.owner}': the router is as it was before it")
                continue
        except (DeviceError, frr_lock.LockError, OSError) as error:
            _log(f"the push that nobody confirmed is not undone yet: {error}")
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


def _let_go_of_the_caller() -> None:
    # ssh waits until all have closed its pipes; and the caller's file lock is the caller's.
    os.chdir("/")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    for descriptor in os.listdir("/proc/self/fd"):
        if int(descriptor) > 2:
            with contextlib.suppress(OSError):  # the one that listdir had open
                os.close(int(descriptor))
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def _frr(lock: int, vtysh: str) -> Frr:
    def run(argv: list[str]) -> tuple[int, str, str]:
        # AnsibleModule is the caller's. pylint: disable-next=ansible-bad-function
        done = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, pass_fds=[lock]
        )
        return done.returncode, done.stdout, done.stderr

    return Frr(run, vtysh)


def _log(sentence: str) -> None:
    syslog.openlog("trunkline", syslog.LOG_PID, syslog.LOG_DAEMON)
    syslog.syslog(syslog.LOG_WARNING, sentence)
