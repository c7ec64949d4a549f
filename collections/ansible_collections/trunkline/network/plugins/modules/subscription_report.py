#!/usr/bin/python
# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

DOCUMENTATION = r"""
module: subscription_report
short_description: Tell the order book what a playbook has done that was run directly
version_added: 0.1.0
description:
  - The last task of a playbook for an order. The Trunkline API then knows the subscription, with its block, as if it
    had been ordered there. A completed run keeps who reported it and what was changed.
  - Does nothing without E(TRUNKLINE_URL), in a run that the API itself has launched (E(TRUNKLINE_RUN)), and in check
    mode.
  - Idempotent. Fails where the API refuses, as while one of its own runs works on the subscription. What the playbook
    did stands, and running it again reports.
options:
  terminated:
    description: Ids of what was terminated; what nothing else refers to first. One that the API never knew is left out.
    type: list
    elements: str
    default: []
  subscriptions:
    description: What was provisioned or changed; what others refer to first.
    type: list
    elements: dict
    default: []
    suboptions:
      id:
        description: UUID of the subscription.
        type: str
        required: true
      product:
        description: Slug of the product.
        type: str
        required: true
      customer:
        description: Short name of the customer.
        type: str
        required: true
      status:
        description: Status with which it was ordered. V(provisioning) is active by now.
        type: str
        choices: [provisioning, active, migrating, disabled]
        default: active
      block:
        description: The block as it was ordered.
        type: dict
        default: {}
      learned:
        description: What was learned of it.
        type: dict
        default: {}
  plan:
    description: What was changed, C(netbox) and C(devices), as for C(set_stats).
    type: dict
    default: {}
extends_documentation_fragment:
  - trunkline.network.order_book
seealso:
  - module: trunkline.network.subscription
author:
  - Trunkline contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: Tell the order book
  trunkline.network.subscription_report:
    subscriptions:
      - id: 0c5a6f3e-5d4f-4c36-9d3a-0d7c1d0f7a11
        product: node-frr
        customer: noc
        block: {name: ams-pe, site: ams, role: pe, management: 172.20.20.11/24}
        learned: {netbox_id: 1, loopback_ipv4: 10.0.127.2/32, loopback_ipv6: "fc00:0:0:127::2/128"}
"""

RETURN = r"""
runs:
  description: Ids of the runs that keep the reports. None for what the order book knew.
  returned: success, unless skipped
  type: list
  elements: str
  sample: [5f1b1c5e-7a0b-4d3f-8f61-0c1d2e3f4a5b]
"""
