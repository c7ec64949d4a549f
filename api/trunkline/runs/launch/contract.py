"""What every launcher takes and gives: one launch of a playbook, what ends it early, and how it ended."""

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from trunkline.db.models import JsonObject


class LaunchError(Exception):
    """The playbook could not be started; the text says why and what to do."""


@dataclass(frozen=True)
class Call:
    """One launch. `variables` reach the playbook as extra vars, as literal text; `skip_devices`: only NetBox.

    It is stopped after `timeout_s`.
    """

    run_id: uuid.UUID
    playbook: str
    variables: JsonObject
    check: bool
    timeout_s: int
    skip_devices: bool = False

    @property
    def skip_tags(self) -> list[str]:
        """The tags of what the launch leaves out. A check takes no router, so there is none to keep or to give back."""
        return [tag for tag, out in (("devices", self.skip_devices), ("lease", self.check)) if out]


@dataclass(frozen=True)
class Ending:
    """How the launch ended; `detail` is what the launcher knows of a failure that no event tells.

    `killed`: somebody else ended it (kill -9, the kernel out of memory, a lease that ran out), which says nothing about
    the playbook.
    """

    ok: bool
    cancelled: bool
    timed_out: bool
    killed: bool = False
    detail: str = ""


class Stop:
    """What ends a launch before its time; set by the loop's thread, looked at by the launch's."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()
        self._released = threading.Event()
        self._any = threading.Event()

    def cancel(self) -> None:
        """Nobody wants the launch any more: it is to end, wherever it runs."""
        self._cancelled.set()
        self._any.set()

    def release(self) -> None:
        """This worker lets go of the launch: what cannot live without the worker ends, what can is left alone."""
        self._released.set()
        self._any.set()

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled.is_set()

    @property
    def released(self) -> bool:
        """Whether `release` was called."""
        return self._released.is_set()

    def wait(self, seconds: float) -> None:
        """For so long, or until something is set that was not set when the wait began."""
        (self._released if self.cancelled else self._any).wait(seconds)


class Launcher(Protocol):
    """Runs playbooks: here, or through AWX. May be used by several threads."""

    outlives_worker: bool
    """Whether a launch goes on when the worker that began it is gone, and can be found again by its key."""

    def warm_up(self) -> None:
        """Prepare for the first launch. Blocking."""

    def play(self, call: Call, key: str, on_event: Callable[[JsonObject], None], stop: Stop) -> Ending:
        """Run the playbook to its end, or follow to its end what was launched under this key before. Blocking.

        `on_event` takes ansible-runner's events in their order and must only take them away. Raises LaunchError.
        """

    def close(self) -> None:
        """Let go of what is kept between launches."""
