# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""Documentation that the SR Linux modules share."""

from __future__ import annotations


class ModuleDocFragment:
    """How to reach a router; and, under PUSH, how to change it."""

    DOCUMENTATION = r"""
options:
  device_host:
    description: Address of the router. If not given, the variable C(ansible_host), else the host's name.
    type: str
  device_port:
    description: Port of its JSON-RPC server. If not given, the variable C(ansible_httpapi_port), else 443.
    type: int
  device_user:
    description:
      - User to log in as. If not given, the variable C(ansible_user), else the environment variable
        E(TRUNKLINE_SRLINUX_USER).
    type: str
  device_password:
    description:
      - The user's password. If not given, the variable C(ansible_password), else the environment variable
        E(TRUNKLINE_SRLINUX_PASSWORD).
    type: str
  device_ca:
    description:
      - Path of a CA bundle that signed the router's certificate, where the system's does not know it. If not given, the
        variable C(ansible_httpapi_ca_path), else the environment variable E(TRUNKLINE_SRLINUX_CA).
    type: path
  device_validate_certs:
    description:
      - Whether the router's certificate is verified. If not given, the variable C(ansible_httpapi_validate_certs), else
        it is.
    type: bool
  device_timeout_s:
    description: Seconds to wait for a connection, and for each answer.
    type: float
    default: 30.0
requirements:
  - requests
notes:
  - SR Linux 23.3.2 or newer, with C(/system/json-rpc-server) enabled over HTTPS.
  - Works in Ansible's own process, and does not use the host's connection; set C(ansible_connection=local).
"""

    PUSH = r"""
options:
  also_owned:
    description:
      - Paths such as C(/interface[name=ethernet-1/1]) that are ours even if the router's record of them has been lost.
    type: list
    elements: str
    default: []
  lease_ttl_s:
    description: Seconds after which the lease ends by itself, should this run die.
    type: int
    default: 120
  lease_wait_s:
    description: Seconds to wait for another run's lease, and for a transaction that somebody else must confirm.
    type: int
    default: 60
  lease:
    description:
      - Owner of the lease that was taken with M(trunkline.network.srlinux_lease). It stays held. If not given, a lease
        is taken for the length of this task, if there is something to do.
    type: str
    default: ""
  confirm_s:
    description:
      - Seconds within which O(lease) must be confirmed with M(trunkline.network.srlinux_lease), else the router takes
        the change back by itself. SR Linux cannot be told to wait longer once it waits.
      - V(0) confirms the change as soon as the router is seen to carry it; the router waits 30 seconds for that.
    type: int
    default: 0
"""
