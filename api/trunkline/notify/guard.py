"""Where webhooks may go: to public addresses, and to those that the settings allow.

The name is looked up here, and the connection goes to the address that was checked: a name that means another address
a moment later changes nothing.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable, Sequence
from typing import Any

import httpcore

type Address = ipaddress.IPv4Address | ipaddress.IPv6Address
type Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class RefusedError(Exception):
    """The destination is none that may be talked to; the text says why, and how to allow it."""


def networks(text: str) -> list[Network]:
    """Networks with commas between them. Raises ValueError."""
    return [ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip()]


def is_public(address: Address) -> bool:
    """Whether it belongs to the Internet, and so does what it may carry inside (IPv4 in IPv6)."""
    inner = _inner(address)
    if inner is not None:
        return is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def _inner(address: Address) -> ipaddress.IPv4Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


class Guard(httpcore.AsyncNetworkBackend):
    """Opens connections for one request. `encrypted`: whether TLS will be spoken; in the clear only where allowed."""

    def __init__(self, allowed: Sequence[Network], *, encrypted: bool) -> None:
        self._allowed, self._encrypted = allowed, encrypted
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (the interface's word)
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address of the host that answers. Raises RefusedError if one of them is not allowed."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(f"{host} is not known: {error}") from error
        addresses = list(dict.fromkeys(str(item[4][0]) for item in found))
        for address in addresses:
            self._check(host, address)
        for address in addresses[:-1]:
            try:
                return await self._backend.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._backend.connect_tcp(addresses[-1], port, timeout, local_address, socket_options)

    def _check(self, host: str, text: str) -> None:
        address = ipaddress.ip_address(text.partition("%")[0])
        if any(address in network for network in self._allowed):
            return
        remedy = "TRUNKLINE_WEBHOOK_ALLOW names the networks where that is wanted"
        if not is_public(address):
            raise RefusedError(f"{host} is {address}, which is no public address; {remedy}")
        if not self._encrypted:
            raise RefusedError(f"{host} is {address}, where messages go over https only; {remedy}")
