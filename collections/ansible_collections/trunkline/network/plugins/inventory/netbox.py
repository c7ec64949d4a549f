# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""The routers that subscriptions own, as NetBox knows them."""

from __future__ import annotations

DOCUMENTATION = r"""
name: netbox
short_description: The routers that subscriptions own, from NetBox
version_added: 0.1.0
description:
  - Reads all devices of NetBox that belong to a subscription (custom field C(trunkline_subscription)) with one GraphQL
    query, 1000 a request.
  - Each is in the groups of its platform (C(frr)), its role (C(role_pe)) and its site (C(site_ams)); characters of a
    slug that a group's name may not have become underscores. The groups of platforms are children of C(devices).
  - Each has C(ansible_host), its management address, or else its IPv4 or IPv6 loopback; C(trunkline_subscription), the
    subscription's UUID; and C(trunkline_node), all that M(trunkline.network.fabric_info) returns of a node.
  - The file's name ends in C(netbox.yml) or C(netbox.yaml).
options:
  plugin:
    description: Marks the file as one for this plugin.
    type: str
    required: true
    choices: [trunkline.network.netbox]
  netbox_url:
    description: URL of NetBox, without C(/api).
    type: str
    required: true
    env:
      - name: NETBOX_URL
  netbox_token:
    description: API token, version 1 or 2 (C(nbt_<key>.<secret>)); one that may only read will do.
    type: str
    required: true
    env:
      - name: NETBOX_TOKEN
  netbox_ca:
    description: Path of a CA bundle that signed NetBox's certificate, where the system's does not know it.
    type: path
    env:
      - name: NETBOX_CA
  validate_certs:
    description: Whether NetBox's certificate is verified.
    type: bool
    default: true
  netbox_timeout:
    description: Seconds to wait for an answer of NetBox. A request is repeated up to three times.
    type: float
    default: 30.0
extends_documentation_fragment:
  - constructed
  - inventory_cache
requirements:
  - pynetbox >= 7.5
notes:
  - NetBox 4.5.2 or newer, whose GraphQL can begin a page after a given object.
author:
  - Trunkline contributors (!UNKNOWN)
"""

EXAMPLES = r"""
# NETBOX_URL and NETBOX_TOKEN are in the environment.
plugin: trunkline.network.netbox

---
# With groups of one's own, and kept for ten minutes.
plugin: trunkline.network.netbox
groups:
  in_service: trunkline_node.status == 'active'
keyed_groups:
  - {prefix: type, key: trunkline_node.device_type}
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/trunkline-inventory
cache_timeout: 600
"""

from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleParserError
from ansible.inventory.group import to_safe_group_name
from ansible.module_utils.basic import missing_required_lib
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

from ansible_collections.trunkline.network.plugins.module_utils.addresses import bare
from ansible_collections.trunkline.network.plugins.module_utils.netbox_errors import NetBoxError
from ansible_collections.trunkline.network.plugins.module_utils.netbox_fabric import nodes_from
from ansible_collections.trunkline.network.plugins.module_utils.netbox_session import MISSING, Session

if TYPE_CHECKING:
    from ansible.inventory.data import InventoryData
    from ansible.parsing.dataloader import DataLoader

DEVICES = "devices"


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):  # type: ignore[misc]
    """The plugin."""

    NAME = "trunkline.network.netbox"

    def verify_file(self, path: str) -> bool:
        """Whether the file is one for this plugin, by its name."""
        return bool(super().verify_file(path)) and path.endswith(("netbox.yml", "netbox.yaml"))

    def parse(self, inventory: InventoryData, loader: DataLoader, path: str, cache: bool = True) -> None:
        """Put the routers into the inventory. Raises AnsibleParserError with one sentence."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        self.inventory.add_group(DEVICES)
        for node in self._nodes(path, cache):
            self._add(node)

    def _nodes(self, path: str, cache: bool) -> list[dict[str, Any]]:
        self.load_cache_plugin()
        key = self.get_cache_key(path)
        caching = self.get_option("cache")
        if caching and cache and key in self._cache:
            kept: list[dict[str, Any]] = self._cache[key]
            return kept
        nodes = self._read()
        if caching:
            self._cache[key] = nodes
        return nodes

    def _read(self) -> list[dict[str, Any]]:
        if MISSING:
            raise AnsibleParserError(missing_required_lib(MISSING))
        verify = self.get_option("netbox_ca") or True if self.get_option("validate_certs") else False
        try:
            session = Session(
                self.get_option("netbox_url"),
                self.get_option("netbox_token"),
                verify=verify,
                timeout_s=self.get_option("netbox_timeout"),
            )
            return nodes_from(session)
        except NetBoxError as error:
            raise AnsibleParserError(str(error)) from error

    def _add(self, node: dict[str, Any]) -> None:
        name = self.inventory.add_host(node["name"])
        platform = node["platform"]
        self.inventory.add_child(DEVICES, self._member(name, platform) if platform else name)
        self._member(name, f"role_{node['role']}")
        self._member(name, f"site_{node['site']['slug']}")
        if address := node["management"] or node["loopback_ipv4"] or node["loopback_ipv6"]:
            self.inventory.set_variable(name, "ansible_host", bare(address))
        self.inventory.set_variable(name, "trunkline_subscription", node["subscription"])
        self.inventory.set_variable(name, "trunkline_node", node)
        self._construct(name)

    def _member(self, host: str, group: str) -> str:
        added: str = self.inventory.add_group(to_safe_group_name(group, force=True, silent=True))
        self.inventory.add_child(added, host)
        return added

    def _construct(self, host: str) -> None:
        strict, variables = self.get_option("strict"), self.inventory.get_host(host).get_vars()
        self._set_composite_vars(self.get_option("compose"), variables, host, strict=strict)
        variables = self.inventory.get_host(host).get_vars()
        self._add_host_to_composed_groups(self.get_option("groups"), variables, host, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, host, strict=strict)
