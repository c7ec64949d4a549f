# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""VLAN interfaces for kernels without 802.1Q devices (CONFIG_VLAN_8021Q), such as those of small virtual machines.

A pair of veth interfaces stands in for the device: one end is the VLAN interface, at the other two BPF programs take
the tag off what comes in on the parent and put it on what goes out. Kernels of distributions need none of this.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import struct
from typing import TYPE_CHECKING, Any

from ansible_collections.trunkline.network.plugins.module_utils.frr_device import DeviceError
from ansible_collections.trunkline.network.plugins.module_utils.frr_lock import RUN_DIRECTORY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible_collections.trunkline.network.plugins.module_utils.frr_device import Runner
    from ansible_collections.trunkline.network.plugins.module_utils.frr_links import Link

_FOLDER = f"{RUN_DIRECTORY}/trunkline-bpf"
_SYSCALL = {"x86_64": 321, "aarch64": 280}
_LOAD, _PIN = 5, 6  # enum bpf_cmd
_CLASSIFIER = 3  # BPF_PROG_TYPE_SCHED_CLS
_REDIRECT, _PUSH, _POP = 23, 18, 19  # helpers
_TAG, _HAS_TAG = 24, 20  # offsets in struct __sk_buff: vlan_tci, vlan_present
_8021Q = 0x8100

# One instruction: opcode, destination and source register, offset, immediate value.
Instruction = tuple[int, int, int, int, int]
_MOVE, _MOVE_NUMBER, _LOAD_WORD, _AND, _IF_NOT, _CALL, _EXIT = 0xBF, 0xB7, 0x61, 0x57, 0x55, 0x85, 0x95


def not_in_kernel(words: str) -> bool:
    """Whether `ip` refused a VLAN interface because the kernel has none."""
    return "Unknown device type" in words or "not supported" in words


def is_broken(run: Runner, link: Link, answer: Sequence[Mapping[str, Any]]) -> bool:
    """Whether this is such a pair of which a program is missing."""
    stands_in = any(row["ifname"] == link.name and row.get("ifalias") for row in answer)
    if link.kind != "vlan" or not stands_in:
        return False
    return not (_filters(run, link.parent, link.number) and _filters(run, _far(link.name), link.number))


def add(run: Runner, *, parent: str, name: str, vlan: int) -> None:
    """Make the pair, and the programs at its far end. DeviceError where this kernel cannot do that either."""
    far = _far(name)
    links = {row["ifname"]: row for row in json.loads(_run(run, ["ip", "-json", "link", "show"]))}
    mtu = ["mtu", str(links[parent]["mtu"])]
    _run(run, ["ip", "link", "add", name, *mtu, "type", "veth", "peer", "name", far, *mtu])
    _run(run, ["ip", "link", "set", "dev", name, "alias", f"vlan {vlan} on {parent}"])
    _run(run, ["ip", "link", "set", "dev", far, "addrgenmode", "none"])
    _run(run, ["ip", "link", "set", "dev", far, "up"])
    number = json.loads(_run(run, ["ip", "-json", "link", "show", "dev", far]))[0]["ifindex"]
    os.makedirs(_FOLDER, mode=0o700, exist_ok=True)
    _run(run, ["mount", "-t", "bpf", "bpf", _FOLDER])
    try:
        _attach(run, parent, vlan, untag(vlan, number))
        _attach(run, far, vlan, tag(vlan, links[parent]["ifindex"]))
    finally:
        _run(run, ["umount", _FOLDER])
        os.rmdir(_FOLDER)


def remove(run: Runner, *, parent: str, vlan: int) -> None:
    """Take the program off the parent, if there is one; the pair itself is removed like any link."""
    if _filters(run, parent, vlan):
        _run(run, ["tc", "filter", "delete", "dev", parent, "ingress", "pref", str(vlan)])


def untag(vlan: int, far: int) -> list[Instruction]:
    """The program for what comes in on the parent: frames of this VLAN go, without tag, to the interface `far`."""
    return [
        (_MOVE, 6, 1, 0, 0),
        (_LOAD_WORD, 2, 6, _HAS_TAG, 0),
        (0x15, 2, 0, 8, 0),  # if there is no tag: leave the frame to others
        (_LOAD_WORD, 2, 6, _TAG, 0),
        (_AND, 2, 0, 0, 0xFFF),
        (_IF_NOT, 2, 0, 5, vlan),
        (_CALL, 0, 0, 0, _POP),
        (_MOVE_NUMBER, 1, 0, 0, far),
        (_MOVE_NUMBER, 2, 0, 0, 0),
        (_CALL, 0, 0, 0, _REDIRECT),
        (_EXIT, 0, 0, 0, 0),
        (_MOVE_NUMBER, 0, 0, 0, -1),
        (_EXIT, 0, 0, 0, 0),
    ]


def tag(vlan: int, parent: int) -> list[Instruction]:
    """The program for what comes out of the VLAN interface: it goes, tagged, out on the parent."""
    return [
        (_MOVE_NUMBER, 2, 0, 0, int.from_bytes(_8021Q.to_bytes(2, "big"), "little")),
        (_MOVE_NUMBER, 3, 0, 0, vlan),
        (_CALL, 0, 0, 0, _PUSH),
        (_MOVE_NUMBER, 1, 0, 0, parent),
        (_MOVE_NUMBER, 2, 0, 0, 0),
        (_CALL, 0, 0, 0, _REDIRECT),
        (_EXIT, 0, 0, 0, 0),
    ]


def _attach(run: Runner, interface: str, vlan: int, program: Sequence[Instruction]) -> None:
    pinned = f"{_FOLDER}/program"
    _load(program, pinned)
    if "clsact" not in _run(run, ["tc", "qdisc", "show", "dev", interface]):
        _run(run, ["tc", "qdisc", "add", "dev", interface, "clsact"])
    where = ["dev", interface, "ingress", "pref", str(vlan), "protocol", "all"]
    _run(run, ["tc", "filter", "replace", *where, "bpf", "direct-action", "object-pinned", pinned])
    os.unlink(pinned)


def _filters(run: Runner, interface: str, vlan: int) -> bool:
    code, out, _err = run(["tc", "filter", "show", "dev", interface, "ingress", "pref", str(vlan)])
    return code == 0 and " bpf " in out


def _load(program: Sequence[Instruction], pinned: str) -> None:
    code = b"".join(
        struct.pack("<BBhi", opcode, source << 4 | target, offset, number)
        for opcode, target, source, offset, number in program
    )
    instructions, licence = ctypes.create_string_buffer(code), ctypes.create_string_buffer(b"Apache-2.0")
    log = ctypes.create_string_buffer(65536)
    descriptor = _bpf(
        _LOAD,
        struct.pack(
            "<IIQQIIQII", _CLASSIFIER, len(program), ctypes.addressof(instructions), ctypes.addressof(licence),
            1, len(log), ctypes.addressof(log), 0, 0,
        ),
        log,
    )  # fmt: skip
    try:
        path = ctypes.create_string_buffer(pinned.encode())
        _bpf(_PIN, struct.pack("<QII", ctypes.addressof(path), descriptor, 0), log)
    finally:
        os.close(descriptor)


def _bpf(command: int, attributes: bytes, log: ctypes.Array[ctypes.c_char]) -> int:
    number = _SYSCALL.get(platform.machine())
    if number is None:
        raise DeviceError(
            f"this kernel has no VLAN interfaces, and on {platform.machine()} Trunkline knows no way around that; "
            "use a kernel with CONFIG_VLAN_8021Q"
        )
    library = ctypes.CDLL(None, use_errno=True)
    given = ctypes.create_string_buffer(attributes, len(attributes))
    answer = int(library.syscall(number, command, ctypes.byref(given), len(attributes)))
    if answer < 0:
        why = os.strerror(ctypes.get_errno())
        said = log.value.decode(errors="replace").strip()
        raise DeviceError(
            f"this kernel has no VLAN interfaces, and refuses BPF programs, too ({' '.join((why, said)).strip()}); "
            "use a kernel with CONFIG_VLAN_8021Q"
        )
    return answer


def _far(name: str) -> str:
    return f"{name}t"


def _run(run: Runner, argv: list[str]) -> str:
    code, out, err = run(argv)
    if code != 0:
        raise DeviceError(f"'{' '.join(argv)}' failed: {err.strip()}")
    return out
