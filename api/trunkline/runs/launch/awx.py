"""Launches through AWX: playbook NAME.yml is the job template "Trunkline NAME" of the organization.

A job carries the launch's key as a label, given in the request that starts it: whoever begins the stage again finds the
job by it, also when the answer to that request was lost. The API is that of AWX 24: awx/api/serializers.py,
docs/prompting.md.
"""

import logging
import time
from collections.abc import Callable
from pathlib import PurePath
from typing import cast

from trunkline.db.models import JsonObject
from trunkline.runs.launch.awx_client import AwayError, AwxClient, RefusedError
from trunkline.runs.launch.awx_job import follow
from trunkline.runs.launch.contract import Call, Ending, LaunchError, Stop
from trunkline.settings import Settings

logger = logging.getLogger(__name__)

COMMON_LABEL = "trunkline"
_NEEDED = ("variables", "job_type", "diff_mode", "skip_tags", "labels", "timeout")
_TRY_AGAIN_S = 2.0


class AwxLauncher:
    """A launch is a job of AWX: it goes on without the worker that began it."""

    outlives_worker = True

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = AwxClient(settings)

    def warm_up(self) -> None:
        """Say early, and only in the log, what every launch would say: AWX may come up later than the worker."""
        try:
            self._client.get("me/")
        except (AwayError, RefusedError, LaunchError) as error:
            logger.warning("AWX is not ready: %s", error)

    def play(self, call: Call, key: str, on_event: Callable[[JsonObject], None], stop: Stop) -> Ending:
        """Follow the job that was launched under this key, or launch it, to its end. Raises LaunchError."""
        name = f"{COMMON_LABEL} {key}"
        job = self._patiently(lambda: self._find(name), stop)
        if job is None and (stop.cancelled or stop.released):
            return Ending(ok=False, cancelled=stop.cancelled, timed_out=False)
        if job is None:
            job = self._patiently(lambda: self._find(name) or self._launch(call, name), stop)
        if job is None:
            return Ending(ok=False, cancelled=stop.cancelled, timed_out=False)
        number = cast("int", job["id"])
        where = f"{self._client.url}/#/jobs/playbook/{number}/output"
        on_event({"event": "launched", "event_data": {"res": {"msg": f"AWX job {number}: {where}"}}})
        return follow(self._client, self._settings, number, on_event, stop)

    def close(self) -> None:
        """End the connections to AWX; its jobs go on."""
        self._client.close()

    def _patiently(self, ask: Callable[[], JsonObject | None], stop: Stop) -> JsonObject | None:
        """Ask until AWX answers; None when it is not to be waited for any more. Raises LaunchError."""
        deadline = time.monotonic() + self._settings.awx_patience_s
        while True:
            try:
                return ask()
            except RefusedError as error:
                raise LaunchError(str(error)) from error
            except AwayError as error:
                if time.monotonic() > deadline:
                    raise LaunchError(f"{error}; it was asked for {self._settings.awx_patience_s:.0f} s") from error
            if stop.released:
                return None
            stop.wait(_TRY_AGAIN_S)

    def _find(self, label: str) -> JsonObject | None:
        return self._client.one("jobs/", labels__name=label, order_by="-id")

    def _launch(self, call: Call, label: str) -> JsonObject:
        template = self._template(call.playbook)
        organization = cast("int", template["organization"])
        body: JsonObject = {
            "extra_vars": call.variables | {"trunkline_run": str(call.run_id)},
            "job_type": "check" if call.check else "run",
            "diff_mode": True,
            "labels": [self._label(name, organization) for name in (COMMON_LABEL, label)],
            "timeout": call.timeout_s,
        }
        if call.skip_tags:
            body["skip_tags"] = ",".join(call.skip_tags)
        job = self._client.post(f"job_templates/{template['id']}/launch/", body)
        if job["ignored_fields"]:
            # Without them it is not what was asked for: a plan would be a change.
            self._client.post(f"jobs/{job['id']}/cancel/", {})
            ignored = ", ".join(cast("JsonObject", job["ignored_fields"]))
            raise LaunchError(f"AWX ignored {ignored} in the launch of {template['name']!r}; job {job['id']} cancelled")
        return job

    def _template(self, playbook: str) -> JsonObject:
        name = f"Trunkline {PurePath(playbook).stem}"
        organization = self._settings.awx_organization
        remedy = "run playbooks/awx_setup.yml (docs/awx.md)"
        template = self._client.one("job_templates/", name=name, organization__name=organization)
        if template is None:
            raise LaunchError(f"playbook {playbook}: AWX has no job template {name!r} in {organization!r}: {remedy}")
        lacking = [field for field in _NEEDED if not template[f"ask_{field}_on_launch"]]
        if lacking:
            raise LaunchError(f"job template {name!r} must prompt on launch for {', '.join(lacking)}: {remedy}")
        return template

    def _label(self, name: str, organization: int) -> int:
        wanted: JsonObject = {"name": name, "organization": organization}
        found = self._client.one("labels/", name=name, organization=organization)
        if found is None:
            try:
                found = self._client.post("labels/", wanted)
            except RefusedError:
                # Somebody else has made it meanwhile.
                found = self._client.one("labels/", name=name, organization=organization)
                if found is None:
                    raise
        return cast("int", found["id"])
