# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""A push that nobody has confirmed yet, on file: what the router must return to, and for whom it waits.

The file lies where a reboot empties, since a reboot undoes an unconfirmed push anyway: the startup configuration is
written when a push is confirmed. While the file is there, the lease of its owner says how long the router waits.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.trunkline.network.plugins.module_utils.frr_lock import RUN_DIRECTORY, write_atomically
from ansible_collections.trunkline.network.plugins.module_utils.frr_stanzas import Stanza, parse, replace, text_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

FILE = f"{RUN_DIRECTORY}/trunkline-unconfirmed.json"


@dataclass(frozen=True)
class Kept:
    """A file as it was: its bytes, owner, group and mode."""

    content: bytes
    uid: int
    gid: int
    mode: int


@dataclass(frozen=True)
class Unconfirmed:
    """What `owner` has begun to push.

    `owned` are the headers of the stanzas that the push may have touched, `before` those of them that the router had,
    `intended` the ones that are ours once it is confirmed; `startup` and `record` are the two files (None: not there).
    `links` are the records of links (frr_links_device.py) from before it and once it is confirmed (None: untouched).
    """

    owner: str
    owned: frozenset[str]
    intended: frozenset[str]
    before: tuple[Stanza, ...]
    startup: Kept | None
    record: Kept | None
    links: tuple[dict[str, Any], dict[str, Any]] | None = None

    def and_then(self, owned: Collection[str], intended: Collection[str], running: Iterable[Stanza]) -> Unconfirmed:
        """This push and the same owner's next one, as one push: what is returned to stays what it was."""
        new = frozenset(owned) - self.owned
        return Unconfirmed(
            self.owner,
            self.owned | new,
            frozenset(intended),
            (*self.before, *(one for one in running if one.header in new)),
            self.startup,
            self.record,
            self.links,
        )


def read(path: str = FILE) -> Unconfirmed | None:
    """The unconfirmed push, None if there is none. ValueError if the file is not readable as one."""
    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
    except FileNotFoundError:
        return None
    try:
        return Unconfirmed(
            str(data["owner"]),
            frozenset(data["owned"]),
            frozenset(data["intended"]),
            tuple(Stanza(**one) for one in data["before"]),
            _file(data["startup"]),
            _file(data["record"]),
            tuple(data["links"]) if data.get("links") else None,
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} is not readable as an unconfirmed push ({error!r})") from error


def write(unconfirmed: Unconfirmed, path: str = FILE) -> None:
    """Put it on file, whole or not at all, readable by its owner only: configurations hold secrets."""
    data = {
        "owner": unconfirmed.owner,
        "owned": sorted(unconfirmed.owned),
        "intended": sorted(unconfirmed.intended),
        "before": [asdict(one) for one in unconfirmed.before],
        "startup": _data(unconfirmed.startup),
        "record": _data(unconfirmed.record),
        "links": unconfirmed.links,
    }
    write_atomically(path, json.dumps(data) + "\n")


def forget(path: str = FILE) -> None:
    """Remove it: the push is confirmed, or undone."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def keep(path: str) -> Kept | None:
    """A file as it is now, None if it is not there."""
    try:
        with open(path, "rb") as file:
            facts = os.fstat(file.fileno())
            return Kept(file.read(), facts.st_uid, facts.st_gid, facts.st_mode & 0o7777)
    except FileNotFoundError:
        return None


def put_back(path: str, kept: Kept | None) -> None:
    """Make the file what it was, in one step; nothing is written where it still is."""
    if keep(path) == kept:
        return
    if kept is None:
        os.unlink(path)
        return
    draft = f"{path}.new"
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(kept.content)
        os.fchown(file.fileno(), kept.uid, kept.gid)
        os.fchmod(file.fileno(), kept.mode)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)


def startup_to_return_to(now: Kept | None, before: Kept | None, owned: Collection[str]) -> Kept | None:
    """The startup file without what an unconfirmed push brought: the file from before, byte for byte.

    Unless somebody else has saved other changes meanwhile: then these stay, and only our stanzas are from before.
    """
    if now is None or now == before:
        return before
    old, new = _stanzas(before), _stanzas(now)
    if _foreign(old, owned) == _foreign(new, owned):
        return before
    text = text_of(replace(new, owned, [one for one in old if one.header in owned and one.lines]))
    return Kept(text.encode(errors="surrogateescape"), now.uid, now.gid, now.mode)


def _stanzas(kept: Kept | None) -> list[Stanza]:
    return parse(kept.content.decode(errors="surrogateescape")) if kept else []


def _foreign(stanzas: Sequence[Stanza], owned: Collection[str]) -> dict[str, tuple[str, ...]]:
    """What others configured; an interface without lines and the version that wrote the file mean nothing."""
    return {
        one.header: one.lines
        for one in stanzas
        if one.header not in owned
        and (one.lines or not one.header.startswith("interface "))
        and not one.header.startswith("frr version ")
        and one.header
    }


def _data(kept: Kept | None) -> dict[str, Any] | None:
    return {**asdict(kept), "content": base64.b64encode(kept.content).decode()} if kept else None


def _file(data: dict[str, Any] | None) -> Kept | None:
    return Kept(**{**data, "content": base64.b64decode(data["content"])}) if data else None
