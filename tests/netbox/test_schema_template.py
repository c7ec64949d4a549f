import lzma
import re
from pathlib import Path

from trunkline.dev import netbox as embedded
from trunkline.dev.secrets import Secrets
from trunkline.dev.state import State

FOLDER = Path(embedded.__file__).parent


def test_the_shipped_schema_is_what_netbox_s_own_migrations_make(
    netbox_port: int, netbox: dict[str, str], state: State
) -> None:
    embedded.manage(state, Secrets.make(), "netbox", "migrate", "--check")


def test_the_shipped_schema_stays_small() -> None:
    assert (FOLDER / "schema.sql.xz").stat().st_size < 1_000_000


def test_the_netbox_of_the_lock_file_is_the_one_that_the_design_names() -> None:
    lock = (FOLDER / "uv.lock").read_text()
    assert re.search(r'name = "netbox"\nversion = "4\.7\.', lock)


def test_no_user_and_no_token_is_shipped_with_the_schema(postgres: State) -> None:
    dump = lzma.decompress((FOLDER / "schema.sql.xz").read_bytes()).decode()
    for table in ("users_user", "users_token"):
        rows = re.search(rf"COPY public\.{table} .*? FROM stdin;\n(.*?)\\\.", dump, re.DOTALL)
        assert rows is not None
        assert rows[1] == ""
