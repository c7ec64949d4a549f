"""Serve the stand-in until told to stop."""

import argparse
import os
from pathlib import Path

import uvicorn

from tests.awx.standin.api import application
from tests.awx.standin.scheduler import Scheduler
from tests.awx.standin.store import Store

parser = argparse.ArgumentParser(prog="python -m tests.awx.standin")
parser.add_argument("--port", type=int, required=True)
parser.add_argument(
    "--data", type=Path, required=True, help="where objects and jobs are kept; readable by the owner only"
)
parser.add_argument(
    "--projects", type=Path, required=True, help="AWX's PROJECTS_ROOT: manual projects are folders in it"
)
arguments = parser.parse_args()
arguments.data.mkdir(parents=True, exist_ok=True, mode=0o700)
arguments.data.chmod(0o700)
store = Store(arguments.data, arguments.projects)
Scheduler(store).start()
uvicorn.run(
    application(store, os.environ["AWX_STANDIN_TOKEN"]),
    host="127.0.0.1",
    port=arguments.port,
    access_log=False,
    timeout_graceful_shutdown=1,
)
