"""The process of one job: runs its playbook with ansible-runner, or its command, and writes down how that went.

`job.json` in its folder: project, playbook, arguments, extra_vars, inventory and timeout of a job; or the commands of a
project's or an inventory's update. `cancel` appearing in the folder, or the time limit, ends all that the job started.
"""

import ctypes
import json
import os
import subprocess
import sys
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path

import psutil

from tests.awx.standin.jobs import write
from tests.awx.standin.store import Record, now

_PR_SET_CHILD_SUBREAPER = 36
_LOOK_S = 0.05


class Job:
    """One job, from its folder to its last state."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.content: Record = json.loads((folder / "job.json").read_text())
        self.state: Record = {"status": "running", "pid": os.getpid(), "started": now(), "artifacts": {}}
        self.ended_by = ""
        self._began = time.monotonic()
        self._over = threading.Event()

    def run(self) -> None:
        """Do it, and write how it ended."""
        write(self.folder / "state.json", self.state)
        # What loses its parent becomes a child of this process: nothing of the job escapes its end.
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        watch = threading.Thread(target=self._watch)
        watch.start()
        try:
            ok = self._play() if "playbook" in self.content else self._commands()
        except Exception:  # noqa: BLE001 (as AWX: whatever happened, the job is in error and says why)
            ok = False
            self.state |= {"status": "error", "result_traceback": traceback.format_exc()}
        self._over.set()
        watch.join()
        _kill_children()
        if self.state["status"] == "running":
            self.state["status"] = self.ended_by or ("successful" if ok else "failed")
        if self.ended_by == "canceled":
            self.state["canceled_on"] = now()
        self.state |= {"finished": now(), "elapsed": round(time.monotonic() - self._began, 3)}
        # The command and its environment, with all secrets, lie there.
        for left in ("artifacts/job/command", "env/extravars", "job.json"):
            (self.folder / left).unlink(missing_ok=True)
        write(self.folder / "state.json", self.state)

    def _play(self) -> bool:
        import ansible_runner  # noqa: PLC0415 (the job is running, and can be cancelled, before this is loaded)

        (self.folder / "env").mkdir(mode=0o700)
        (self.folder / "inventory").mkdir()
        (self.folder / "env" / "extravars").write_text(json.dumps(self.content["extra_vars"]))
        # As AWX does it: the inventory is a program that prints it.
        script = self.folder / "inventory" / "hosts"
        script.write_text(f"#!{sys.executable}\nprint({json.dumps(self.content['inventory'])!r})\n")
        script.chmod(0o700)
        runner = ansible_runner.run(
            private_data_dir=str(self.folder),
            project_dir=self.content["project"],
            playbook=self.content["playbook"],
            inventory=str(script),
            cmdline=" ".join(self.content["arguments"]) or None,
            ident="job",
            quiet=True,
            event_handler=self._take,
            settings={"fact_cache_type": ""},
        )
        return bool(runner.status == "successful")

    def _take(self, event: Record) -> bool:
        if event["event"] == "playbook_on_stats":
            self.state["artifacts"] = event["event_data"].get("artifact_data") or {}
        return True

    def _commands(self) -> bool:
        for command in self.content["commands"]:
            with (self.folder / command["output"]).open("wb") as output:
                done = subprocess.run(command["argv"], cwd=command["cwd"], stdout=output, check=False)
            if done.returncode:
                self.state["job_explanation"] = f"{command['argv'][0]} ended with {done.returncode}"
                return False
        return True

    def _watch(self) -> None:
        limit = self.content["timeout"]
        while not self._over.wait(_LOOK_S):
            if (self.folder / "cancel").exists():
                self.ended_by = "canceled"
            elif limit and time.monotonic() - self._began > limit:
                self.ended_by = "failed"
                self.state["job_explanation"] = "Job terminated due to timeout"
            if self.ended_by:
                _kill_children()


def _kill_children() -> None:
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            child.kill()


if __name__ == "__main__":
    Job(Path(sys.argv[1])).run()
