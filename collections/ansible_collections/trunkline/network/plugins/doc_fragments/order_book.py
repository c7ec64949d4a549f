# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0
"""Documentation that the modules on the Trunkline API share."""

from __future__ import annotations


class ModuleDocFragment:
    """How to reach the Trunkline API."""

    DOCUMENTATION = r"""
options:
  trunkline_url:
    description:
      - URL of Trunkline, without C(/api). If not given, the environment variable E(TRUNKLINE_URL) is used.
    type: str
  trunkline_token:
    description:
      - API token. If not given, the environment variable E(TRUNKLINE_TOKEN) is used.
    type: str
  trunkline_ca:
    description:
      - Path of a CA bundle that signed Trunkline's certificate, where the system's does not know it. If not given, the
        environment variable E(TRUNKLINE_CA) is used.
    type: path
  validate_certs:
    description:
      - Whether Trunkline's certificate is verified.
    type: bool
    default: true
  trunkline_timeout:
    description:
      - Seconds to wait for an answer of Trunkline.
    type: float
    default: 30.0
notes:
  - The module talks to Trunkline from where it runs; use C(connection=local) or C(delegate_to=localhost).
attributes:
  check_mode:
    support: full
    description: Returns what would be done, and changes nothing.
  diff_mode:
    support: full
    description: Returns the plan, NetBox and devices.
"""
