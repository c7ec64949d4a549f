# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""Documentation that the NetBox modules share."""

from __future__ import annotations


class ModuleDocFragment:
    """How to reach NetBox."""

    DOCUMENTATION = r"""
options:
  netbox_url:
    description:
      - URL of NetBox, without C(/api). If not given, the environment variable E(NETBOX_URL) is used.
    type: str
  netbox_token:
    description:
      - API token, version 1 or 2 (C(nbt_<key>.<secret>)), with write access. If not given, the environment variable
        E(NETBOX_TOKEN) is used.
    type: str
  netbox_ca:
    description:
      - Path of a CA bundle that signed NetBox's certificate, where the system's does not know it. If not given, the
        environment variable E(NETBOX_CA) is used.
    type: path
  validate_certs:
    description:
      - Whether NetBox's certificate is verified.
    type: bool
    default: true
  netbox_timeout:
    description:
      - Seconds to wait for an answer of NetBox. A read is repeated up to three times, a write only after reading again.
    type: float
    default: 30.0
  run:
    description:
      - Signs the changes in NetBox's change log. If not given, the environment variable E(TRUNKLINE_RUN) is used.
    type: str
requirements:
  - pynetbox >= 7.9
notes:
  - The module talks to NetBox from where it runs; use C(connection=local) or C(delegate_to=localhost).
  - NetBox 4.5.2 or newer, with the custom fields and the tag that the role trunkline.network.netbox_bootstrap makes.
attributes:
  check_mode:
    support: full
    description: Predicts all operations, addresses included, and sends no write request.
  diff_mode:
    support: full
    description: Returns one block an object, with only what changes.
"""
