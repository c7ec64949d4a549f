"""What a router returns to when nobody confirms a push."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.trunkline.network.plugins.module_utils import frr_unconfirmed
from ansible_collections.trunkline.network.plugins.module_utils.frr_stanzas import parse
from ansible_collections.trunkline.network.plugins.module_utils.frr_unconfirmed import (
    Kept,
    Unconfirmed,
    startup_to_return_to,
)

OWNED = {"interface eth1"}
BEFORE = """\
! written by hand
frr version 8.4
interface eth1
 description before
exit
interface eth2
 description foreign
exit
"""


def kept(text: str) -> Kept:
    return Kept(text.encode(), uid=100, gid=100, mode=0o640)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (BEFORE, BEFORE),
        # The push was saved by somebody: as FRR writes it, without the comment. All of it was ours.
        (
            (
                "frr version 8.4.4\ninterface eth1\n description pushed\nexit\n!\n"
                "interface eth2\n description foreign\nexit\n!\n"
            ),
            BEFORE,
        ),
        # Somebody saved something of his own, too.
        (
            "interface eth1\n description pushed\nexit\n!\ninterface eth2\n description new\nexit\n!\n",
            "interface eth1\n description before\nexit\n!\ninterface eth2\n description new\nexit\n!\n",
        ),
    ],
    ids=["nothing was saved", "only ours was saved", "something foreign was saved"],
)
def test_the_startup_file_returns_to_what_it_was_and_foreign_changes_stay(now: str, expected: str) -> None:
    found = startup_to_return_to(kept(now), kept(BEFORE), OWNED)
    assert found is not None
    assert found.content.decode() == expected.replace("\\\n", "\n")


def test_a_startup_file_that_did_not_exist_is_removed_again() -> None:
    assert startup_to_return_to(kept("interface eth1\n description pushed\n"), None, OWNED) is None
    assert startup_to_return_to(None, kept(BEFORE), OWNED) == kept(BEFORE)


def test_what_is_on_file_is_read_as_it_was_written_by_root_only(tmp_path: Path) -> None:
    file = str(tmp_path / "unconfirmed")
    push = Unconfirmed("run 1", frozenset(OWNED), frozenset(OWNED), tuple(parse(BEFORE)), kept(BEFORE), None)
    assert frr_unconfirmed.read(file) is None
    frr_unconfirmed.write(push, file)
    assert frr_unconfirmed.read(file) == push
    assert Path(file).stat().st_mode & 0o777 == 0o600
    frr_unconfirmed.forget(file)
    frr_unconfirmed.forget(file)
    assert frr_unconfirmed.read(file) is None


def test_a_file_that_is_not_ours_to_read_is_named(tmp_path: Path) -> None:
    file = tmp_path / "unconfirmed"
    file.write_text("{}")
    with pytest.raises(ValueError, match=f"{file} is not readable as an unconfirmed push"):
        frr_unconfirmed.read(str(file))


def test_a_second_push_of_the_same_run_returns_to_before_the_first() -> None:
    first = Unconfirmed("run 1", frozenset(OWNED), frozenset(OWNED), tuple(parse(BEFORE)[1:2]), None, None)
    running = parse("interface eth1\n description pushed\ninterface lo\n description before, too\n")
    second = first.and_then({"interface eth1", "interface lo"}, {"interface lo"}, running)
    assert [one.header for one in second.before] == [*(one.header for one in first.before), "interface lo"]
    assert (set(second.owned), set(second.intended)) == ({"interface eth1", "interface lo"}, {"interface lo"})


def test_a_file_is_put_back_with_its_owner_and_mode(tmp_path: Path) -> None:
    file = tmp_path / "frr.conf"
    file.write_text("before")
    file.chmod(0o640)
    before = frr_unconfirmed.keep(str(file))
    assert before is not None
    file.write_text("after")
    frr_unconfirmed.put_back(str(file), before)
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("before", 0o640)
    frr_unconfirmed.put_back(str(file), replace(before, content=b"other"))
    assert file.read_text() == "other"
    frr_unconfirmed.put_back(str(file), None)
    assert not file.exists()
    frr_unconfirmed.put_back(str(file), None)
