import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trunkline.runs.launch.connections import Connections

ONE, OTHER = uuid.uuid4(), uuid.uuid4()


@contextmanager
def connection(socket: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is named as ssh names the one which keeps a connection open, and its socket."""
    socket.touch()
    with subprocess.Popen([f"ssh: {socket} [mux]"], executable="/bin/cat", stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def test_the_launches_of_a_run_have_one_folder_and_no_two_runs_the_same(tmp_path: Path) -> None:
    connections = Connections(tmp_path)
    with connections.of(ONE) as folder:
        (folder / "socket").touch()
        with connections.of(OTHER) as other:
            assert other != folder
            assert other.stat().st_mode & 0o777 == 0o700
    with connections.of(ONE) as again:
        assert again == folder
        assert (again / "socket").exists()


def test_a_folder_goes_when_its_connections_have_ended(tmp_path: Path) -> None:
    connections = Connections(tmp_path)
    with connections.of(ONE) as folder:
        (folder / "socket").touch()
    for _ in range(2):
        with connections.of(OTHER):
            assert folder.exists()
    (folder / "socket").unlink()
    with connections.of(uuid.uuid4()) as taken_again:
        assert taken_again == folder
        with connections.of(uuid.uuid4()):
            assert len(list(tmp_path.iterdir())) == 2


def test_closing_ends_our_connections_and_no_others(tmp_path: Path) -> None:
    ours, others = tmp_path / "ours", tmp_path / "ours-not"
    ours.mkdir()
    others.mkdir()
    with connection(others / "socket") as foreign, Connections(ours).of(ONE) as folder:
        with connection(folder / "socket") as process:
            Connections(ours).close()
            assert process.wait(timeout=10) == -15
        assert foreign.poll() is None
