# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""The router that a module runs on: FRR's vtysh and frr-reload.py, and the files that Trunkline keeps there."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from ansible_collections.trunkline.network.plugins.module_utils import frr_messages
from ansible_collections.trunkline.network.plugins.module_utils.frr_commands import (
    changes_within,
    direct_commands,
    missing_lines,
)
from ansible_collections.trunkline.network.plugins.module_utils.frr_lock import RUN_DIRECTORY, write_atomically
from ansible_collections.trunkline.network.plugins.module_utils.frr_stanzas import (
    Stanza,
    differences,
    parse,
    text_of,
)

RELOAD = "/usr/lib/frr/frr-reload.py"
STARTUP_FILE = "/etc/frr/frr.conf"
RECORD_FILE = "/etc/frr/trunkline.json"
# In the directory that a reboot empties, one fixed name each, readable by root only: a configuration holds secrets.
# The candidate has the name and place that frr-reload takes for the startup file, in a folder of ours: after any other
# file it would save the running configuration, before anybody has confirmed it.
_CANDIDATE_DIRECTORY = f"{RUN_DIRECTORY}/trunkline"
_CANDIDATE_FILE = f"{_CANDIDATE_DIRECTORY}/frr.conf"
_VTYSH_FILE = "vtysh.conf"
_COMMANDS_FILE = f"{RUN_DIRECTORY}/trunkline-commands.conf"

# (argv) -> (exit code, stdout, stderr), as AnsibleModule.run_command.
Runner = Callable[[list[str]], tuple[int, str, str]]


class DeviceError(Exception):
    """FRR did not do what was asked; the message says what, where, and FRR's own words."""


@dataclass(frozen=True)
class Snapshot:
    """What a router says of itself at one moment."""

    running: tuple[Stanza, ...]
    interfaces: frozenset[str]
    daemons: frozenset[str]


class Frr:
    """FRR on this machine."""

    def __init__(self, run: Runner, vtysh: str, reload_script: str = RELOAD) -> None:
        self.run = run
        self.vtysh = vtysh
        places = ["--bindir", os.path.dirname(vtysh), "--confdir", _CANDIDATE_DIRECTORY]
        self._reload = [sys.executable, reload_script, *places, "--log-level", "error"]

    def snapshot(self) -> Snapshot:
        """Read daemons, interfaces and the running configuration in one go; raises DeviceError if FRR is down."""
        # A vtysh costs more than its commands: three commands, one process.
        answer = self.show("show daemons", "show interface json", "show running-config no-header")
        daemons, _newline, rest = answer.partition("\n")
        try:
            interfaces, end = json.JSONDecoder().raw_decode(rest)
        except ValueError as error:
            raise DeviceError(f"'show interface json' did not answer in JSON ({error}): {rest[:80]!r}") from error
        return Snapshot(
            running=tuple(parse(rest[end:].lstrip("\r\n"))),
            interfaces=frozenset(name for name, facts in interfaces.items() if not facts.get("pseudoInterface")),
            daemons=frozenset(daemons.split()),
        )

    def running(self) -> tuple[Stanza, ...]:
        """Return the running configuration."""
        return tuple(parse(self.show("show running-config no-header")))

    def show(self, *commands: str) -> str:
        """Return what vtysh prints for these commands, in their order."""
        code, out, err = self.run([self.vtysh, *(word for command in commands for word in ("-c", command))])
        if code != 0 or not out:
            raise DeviceError(
                f"vtysh does not answer on this router (exit {code}): {(err or out).strip()}; is FRR running?"
            )
        return out

    def check(self, current: Sequence[Stanza], candidate: Sequence[Stanza], owned: Collection[str]) -> None:
        """Let FRR parse the candidate, and say what it would do where frr-reload may have to do it, changing nothing.

        Raises DeviceError when a line is not FRR's language, and when frr-reload would touch what is not owned.
        """
        text = text_of(candidate)
        # What frr-reload --test begins with, too: it is slow, being a script that compares whole configurations.
        code, out, err = self.run([self.vtysh, "-m", "-f", self._write_candidate(text)])
        if code != 0:
            reason = frr_messages.rejection(out + err, text)
            raise DeviceError(reason or f"vtysh does not read the configuration: {(err or out).strip()}")
        if changes_within(current, candidate):
            self._check_reload(text, owned)

    def _check_reload(self, text: str, owned: Collection[str]) -> None:
        """Raise DeviceError when frr-reload would touch a stanza that is not owned: it compares text, and some foreign
        lines do not survive its reading of them.
        """
        code, out, err = self.run([*self._reload, "--test", self._write_candidate(text)])
        # The exit code comes first: after a syntax error frr-reload still prints a list, of everything.
        if code != 0:
            raise DeviceError(
                frr_messages.rejection(out + err, text) or f"frr-reload --test failed: {(err or out).strip()}"
            )
        foreign = frr_messages.touched(out, owned)
        if foreign:
            raise DeviceError(
                "frr-reload would also change what Trunkline does not own, or somebody is changing it right now: "
                + "; ".join(foreign)
            )

    def converge(
        self,
        current: Sequence[Stanza],
        target: Sequence[Stanza],
        interfaces: Collection[str],
        owned: Collection[str] | None = None,
    ) -> tuple[Stanza, ...]:
        """Bring the running configuration from `current` to `target`; return what it is then.

        With `owned` no other stanza is touched: DeviceError where frr-reload would have to. Without, whatever it takes.

        Does not judge: whether the router is there is for the caller to see in its running configuration. FRR's exit
        codes and messages do not tell: it calls refused lines a success, and warns of lines that it takes.
        """
        commands = direct_commands(current, target, interfaces)
        if commands:
            write_atomically(_COMMANDS_FILE, commands)
            self.run([self.vtysh, "-f", _COMMANDS_FILE])
            reached = self.running()
            if not differences(target, reached, {one.header for one in (*current, *target)}):
                return reached
            if owned is not None and not changes_within(current, target):
                self._check_reload(text_of(target), owned)  # `check` did not expect that it would be needed
        self.run([*self._reload, "--reload", self._write_candidate(text_of(target))])
        return self.running()

    def refusals(self, current: Sequence[Stanza], target: Sequence[Stanza]) -> list[str]:
        """Try the lines that `target` has and `current` lacks, one by one; return what FRR refuses, with its words.

        For the diagnosis after a push has failed: FRR refuses the lines of a push together and does not say for which.
        Changes the running configuration: restore it afterwards.
        """
        tried: list[tuple[str, str, int, str]] = []
        for header, line in missing_lines(current, target):
            code, out, err = self.run([self.vtysh, "-c", "configure", "-c", header, "-c", line])
            tried.append((header, line, code, frr_messages.reasons(out + err)))
        # The exit code is 0 for some refusals, and there are words for some lines that FRR takes.
        present = {(one.header, line) for one in self.running() for line in one.lines}
        return [
            f"{header}: '{line}' ({words or 'FRR gave no reason'})"
            for header, line, code, words in tried
            if code != 0 or (words and (header, line) not in present)
        ]

    def save(self) -> None:
        """Write the running configuration to the startup file."""
        code, out, err = self.run([self.vtysh, "-c", "write memory"])
        if code != 0:
            raise DeviceError(f"'write memory' failed: {(err or out).strip()}")

    def forget_files(self) -> None:
        """Remove the working files."""
        shutil.rmtree(_CANDIDATE_DIRECTORY, ignore_errors=True)
        if os.path.exists(_COMMANDS_FILE):
            os.unlink(_COMMANDS_FILE)

    def _write_candidate(self, text: str) -> str:
        os.makedirs(_CANDIDATE_DIRECTORY, mode=0o700, exist_ok=True)
        settings = f"{_CANDIDATE_DIRECTORY}/{_VTYSH_FILE}"
        if not os.path.lexists(settings):
            os.symlink(f"{os.path.dirname(STARTUP_FILE)}/{_VTYSH_FILE}", settings)
        write_atomically(_CANDIDATE_FILE, text)
        return _CANDIDATE_FILE


def startup() -> tuple[Stanza, ...]:
    """Return the configuration that the router will start with, nothing if there is none."""
    try:
        with open(STARTUP_FILE, encoding="utf-8") as file:
            return tuple(parse(file.read()))
    except FileNotFoundError:
        return ()


def check_that_it_can_keep() -> None:
    """Raise DeviceError if the router could not save what is pushed to it: that is to be known before, not after."""
    probe = f"{RECORD_FILE}.new"
    try:
        write_atomically(probe, "")
        os.unlink(probe)
    except OSError as error:
        raise DeviceError(
            f"{os.path.dirname(RECORD_FILE)} cannot be written ({error.strerror}): the router could not keep a new "
            "configuration; make room there, or mount it for writing"
        ) from error


def read_record() -> frozenset[str]:
    """Return the headers of the stanzas that Trunkline owned last; nothing if there is no record."""
    try:
        with open(RECORD_FILE, encoding="utf-8") as file:
            record = json.load(file)
        return frozenset(str(header) for header in record["stanzas"])
    except FileNotFoundError:
        return frozenset()
    except (ValueError, KeyError, TypeError) as error:
        raise DeviceError(
            f"{RECORD_FILE} on this router is not readable as Trunkline's record ({error}); remove it, and name in "
            "also_owned the stanzas that are to go"
        ) from error


def write_record(stanzas: Iterable[str]) -> None:
    """Keep the headers of the owned stanzas (never their lines) on the router."""
    write_atomically(RECORD_FILE, json.dumps({"stanzas": sorted(stanzas)}, indent=2) + "\n")
