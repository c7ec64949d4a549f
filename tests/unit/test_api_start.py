"""What the API loads before its first answer."""

import subprocess
import sys

_LATER = ("ansible_runner", "httpx", "trunkline.runs.worker")


def test_the_api_answers_before_what_only_runs_and_logging_in_need_is_loaded() -> None:
    code = f"import sys, trunkline.main; print([name for name in {_LATER} if name in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert told.strip() == "[]"
