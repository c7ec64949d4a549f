"""Launching Ansible.

`contract` says what a launcher is; `local` runs playbooks in this machine (`playbook` prepares and follows one launch,
`warm` keeps a process that has Ansible loaded); `awx` has AWX run them as job templates.
"""

from trunkline.runs.launch.awx import AwxLauncher
from trunkline.runs.launch.contract import Launcher
from trunkline.runs.launch.local import LocalLauncher
from trunkline.runs.lease import Lease
from trunkline.settings import Settings


def make_launcher(settings: Settings, lease: Lease) -> Launcher:
    """The launcher that TRUNKLINE_LAUNCHER names; close it. What it runs itself ends when `lease` runs out."""
    return AwxLauncher(settings) if settings.launcher == "awx" else LocalLauncher(settings, lease)
