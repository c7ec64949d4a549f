"""The launcher that the settings name. Only who launches imports this: it loads Ansible's and AWX's libraries."""

from trunkline.runs.launch.awx import AwxLauncher
from trunkline.runs.launch.contract import Launcher
from trunkline.runs.launch.local import LocalLauncher
from trunkline.runs.lease import Lease
from trunkline.settings import Settings


def make_launcher(settings: Settings, lease: Lease) -> Launcher:
    """The launcher that TRUNKLINE_LAUNCHER names; close it. What it runs itself ends when `lease` runs out."""
    return AwxLauncher(settings) if settings.launcher == "awx" else LocalLauncher(settings, lease)
