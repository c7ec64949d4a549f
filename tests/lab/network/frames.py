"""Sends a tagged broadcast frame every 0.2 seconds and prints the frames of others that come in, one a line.

Runs on a customer's host of the lab: `python3 - INTERFACE VLAN TEXT SECONDS`. Raw sockets, since the lab's kernel may
have no VLAN interfaces.
"""

import socket
import struct
import sys
import time

ETHERTYPE = 0x88B5  # for experiments (IEEE 802)
PACKET_AUXDATA = 8
SOL_PACKET = 263


def main(interface: str, vlan: int, text: str, seconds: float) -> None:
    """Send and listen."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)) as wire:
        wire.bind((interface, 0))
        wire.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        wire.settimeout(0.2)
        own = wire.getsockname()[4]
        frame = b"\xff" * 6 + own + struct.pack("!HHH", 0x8100, vlan, ETHERTYPE) + text.encode().ljust(50)
        end, seen = time.monotonic() + seconds, set()
        while time.monotonic() < end:
            wire.send(frame)
            try:
                data, extra, _flags, _address = wire.recvmsg(2000, 256)
            except TimeoutError:
                continue
            tags = [struct.unpack_from("H", value, 16)[0] & 0xFFF for _level, _kind, value in extra]
            if data[12:14] == struct.pack("!H", ETHERTYPE) and data[6:12] != own:
                seen.add((tags[0] if tags else 0, data[14:].decode().strip()))
        for tag, said in sorted(seen):
            print(tag, said)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4]))
