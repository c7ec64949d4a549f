"""The processes in which a worker runs its playbooks."""

import psutil


def warm_forks(parent: psutil.Process) -> list[psutil.Process]:
    """The children of a process that are a warm Ansible, a supervisor or a playbook, and alive.

    What a playbook has left behind is its supervisor's child as well, and no playbook.
    """
    return [one for one in parent.children() if "warm_server.py" in " ".join(_words(one))]


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:  # a zombie is one of those
        return []
