"""Logs, traces, and the figures that are taken from what modules report."""

import json
import subprocess
import sys
import uuid

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from trunkline.db.models import JsonObject
from trunkline.runs.events import Progress
from trunkline.settings import Settings
from trunkline.telemetry import traces

_PROGRAM = """
import logging, os
from trunkline.settings import Settings
from trunkline.telemetry import logs
settings = Settings(database_url="postgresql://user:dbpassword@host/db", log_format=os.environ["FORM"])
logs.configure(settings)
with logs.about(run="1f2e", subscription=None):
    logging.getLogger("trunkline.runs").warning("token %s and dbpassword and %s", "nbt_1.TheSecretHalf", "key-" * 9)
    try:
        raise ValueError("about TheSecretHalf")
    except ValueError:
        logging.getLogger("uvicorn.error").exception("failed")
"""


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_line_of_the_log_names_the_run_and_no_secret(form: str) -> None:
    environment = {"NETBOX_TOKEN": "nbt_1.TheSecretHalf", "TRUNKLINE_SECRET_KEY": "key-" * 9, "FORM": form}
    done = subprocess.run([sys.executable, "-c", _PROGRAM], env=environment, capture_output=True, text=True, check=True)
    for secret in ("TheSecretHalf", "dbpassword", "key-key-"):
        assert secret not in done.stderr
    if form == "json":
        first, second = map(json.loads, done.stderr.splitlines())
        assert (first["run"], first["level"], first["logger"]) == ("1f2e", "warning", "trunkline.runs")
        assert "subscription" not in first
        assert "ValueError" in second["exception"]
    else:
        assert "WARNING trunkline.runs: token ********" in done.stderr
        assert "run=1f2e" in done.stderr


def test_all_spans_of_a_run_are_one_trace_that_is_found_by_its_id() -> None:
    kept, run_id = InMemorySpanExporter(), uuid.uuid4()
    settings = Settings(database_url="postgresql://host/db", traces=True)
    traces.configure(settings, SimpleSpanProcessor(kept))
    try:
        with traces.span("plan", run_id, attempt=1):
            pass
        with pytest.raises(ValueError, match="broken"), traces.span("apply", run_id):
            raise ValueError("broken")
    finally:
        traces.shut_down()
    plan, apply = kept.get_finished_spans()
    assert plan.context is not None
    assert apply.context is not None
    assert plan.context.trace_id == apply.context.trace_id == run_id.int
    assert plan.attributes == {"trunkline.attempt": 1}
    assert not apply.status.is_ok


def test_traces_cost_nothing_while_they_are_off() -> None:
    program = "import sys, trunkline.runs.worker; print([name for name in sys.modules if 'opentelemetry' in name])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_pushes_and_requests_are_added_up_over_tasks_and_loops() -> None:
    progress = Progress([])
    for result in (
        {"requests": 9, "changed": True},
        {"timings_s": {"snapshot": 0.1, "push": 0.5}, "requests": 1},
        {"results": [{"requests": 2, "timings_s": {"push": 0.25}}, "nothing", {}]},
        {"requests": "many", "timings_s": {"check": 1}},
    ):
        event: JsonObject = {"event": "runner_on_ok", "event_data": {"task": "t", "host": "ams-pe", "res": result}}
        progress.take(event)
    assert progress.netbox_requests == 12
    assert progress.pushes_s == [0.5, 0.25]
