"""Stands for one launch of `warm_server` as the command that ansible-runner starts and waits for.

Usage: python warm_client.py PARENT_PID PID_FILE SOCKET [ARGUMENT OF ansible-playbook ...]

Hands its terminal, environment and directory to the server, and ends with the launch's exit status when all of the
launch has ended. On SIGTERM, and when its parent dies, the launch is ended first.

A script of the standard library, not an import of the service: it starts in 30 ms.
"""

import ctypes
import json
import os
import signal
import socket
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
STOP = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main(parent: int, pid_file: Path, address: Path, arguments: list[str]) -> int:
    """Have ansible-playbook run with these arguments; its exit status, 143 when it was ended."""
    with socket.socket(socket.AF_UNIX) as server:
        # Through the directory's descriptor: a socket's path has 107 characters at most.
        directory = os.open(address.parent, os.O_PATH)
        server.connect(f"/proc/self/fd/{directory}/{address.name}")
        os.close(directory)
        for number in STOP:
            signal.signal(number, lambda *_: server.shutdown(socket.SHUT_WR))
        if ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0) != 0 or os.getppid() != parent:
            return 128 + signal.SIGTERM
        pid_file.write_text(str(os.getpid()))
        words = {"arguments": arguments, "environment": dict(os.environ), "directory": str(Path.cwd())}
        socket.send_fds(server, [b"\0"], [0, 1, 2])
        server.sendall(json.dumps(words).encode() + b"\n")
        status = server.recv(1)
    return status[0] if status else 128 + signal.SIGKILL


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:]))
