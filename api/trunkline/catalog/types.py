"""Resource types: the field types that blocks are made of. Each refusal says what would be accepted."""

import ipaddress
import re
import uuid
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

_HOSTNAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
_SLUG = re.compile(r"[a-z0-9]([a-z0-9_-]{0,98}[a-z0-9])?\Z")
# A /31 and a /32 have no network and broadcast address.
_SHORTEST_WITHOUT_ENDS = 31
_INTERFACE = re.compile(r"[A-Za-z][A-Za-z0-9._/:-]{0,62}\Z")


def _hostname(value: str) -> str:
    if not _HOSTNAME.match(value):
        raise ValueError("must be a host name such as ams-pe: at most 63 lower-case letters, digits and inner hyphens")
    return value


def _slug(value: str) -> str:
    if not _SLUG.match(value):
        raise ValueError("must be a slug such as ams: lower-case letters, digits, hyphens and underscores")
    return value


def _interface_name(value: str) -> str:
    # It ends up in device configuration: nothing that could end a line or begin a comment may pass.
    if not _INTERFACE.match(value):
        raise ValueError("must be an interface name such as eth1: a letter, then letters, digits and . _ / : -")
    return value


def _text(value: str) -> str:
    if not value.isprintable() or value != value.strip():
        raise ValueError("must be one line of text, without spaces at its ends")
    return value


def _interface_address(value: object) -> object:
    if not isinstance(value, str):
        return value
    if "/" not in value:
        raise ValueError("must carry its prefix length, such as 172.20.20.11/24")
    try:
        return ipaddress.ip_interface(value)
    except ValueError:
        raise ValueError(f"{value!r} must be an address with its prefix length, such as 172.20.20.11/24") from None


def _is_host(
    value: ipaddress.IPv4Interface | ipaddress.IPv6Interface,
) -> ipaddress.IPv4Interface | ipaddress.IPv6Interface:
    network = value.network
    if value.ip.is_multicast or value.ip.is_unspecified or value.ip.is_loopback:
        raise ValueError(f"{value} cannot be a management address: give the router's own unicast address")
    ends = (network.network_address, network.broadcast_address)
    if isinstance(network, ipaddress.IPv4Network) and network.prefixlen < _SHORTEST_WITHOUT_ENDS and value.ip in ends:
        raise ValueError(f"{value.ip} is the network or broadcast address of {network}: give a host's address in it")
    return value


def _port_name(value: str) -> str:
    node, colon, interface = value.partition(":")
    if colon and _HOSTNAME.match(node) and _INTERFACE.match(interface):
        return value
    try:
        return str(uuid.UUID(value))
    except ValueError:
        raise ValueError("must be a port such as ams-pe:eth3: node, colon, interface") from None


@dataclass(frozen=True)
class Uses:
    """Marks a field that names another subscription's block: by the block's own field, or by subscription id."""

    block: str
    field: str


class Changeable:
    """Marks a field that a modify order may change; the others are settled when the order is placed."""

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Forms can tell such a field, too: `changeable` is true in its schema."""
        return {**handler(schema), "changeable": True}


Hostname = Annotated[str, AfterValidator(_hostname), Field(examples=["ams-pe"])]
Slug = Annotated[str, AfterValidator(_slug), Field(examples=["ams"])]
Text = Annotated[str, AfterValidator(_text), Field(min_length=1, max_length=200, examples=["C-1234"])]
InterfaceName = Annotated[str, AfterValidator(_interface_name), Field(examples=["eth1"])]
ManagementAddress = Annotated[
    ipaddress.IPv4Interface | ipaddress.IPv6Interface,
    BeforeValidator(_interface_address),
    AfterValidator(_is_host),
    Field(examples=["172.20.20.11/24"]),
]
# Wide metrics are 24 bits; the highest value means "do not use", so one below it is the most that routes.
IsisMetric = Annotated[int, Field(ge=1, le=16777214, examples=[10])]
# What Ethernet interfaces of routers take.
Mtu = Annotated[int, Field(ge=1280, le=9500, examples=[9000])]
NodeName = Annotated[
    str,
    AfterValidator(_hostname),
    Uses(block="Node", field="name"),
    Field(examples=["ams-pe"], description="The node's name, or the id of its subscription"),
]
PortName = Annotated[
    str,
    AfterValidator(_port_name),
    Uses(block="Port", field="name"),
    Field(examples=["ams-pe:eth3"], description="The port's node and interface, or the id of its subscription"),
]
# 0 and 4095 are reserved (IEEE 802.1Q).
VlanId = Annotated[int, Field(ge=1, le=4094, examples=[100])]
