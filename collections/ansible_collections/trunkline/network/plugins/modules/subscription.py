#!/usr/bin/python
# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

DOCUMENTATION = r"""
module: subscription
short_description: Order a network service from the Trunkline API
version_added: 0.1.0
description:
  - Orders, changes and terminates subscriptions over REST, and follows the run to its end. The API launches the
    playbooks; nothing is done here with NetBox or a router.
  - The same order again changes nothing. A changed input is a modify run, and what is not in sync is put in order.
  - Which order is the same order, the API says. It is the one that already holds what the new one wants, as a node's
    name or a circuit's interface.
  - In check mode the run ends with its plan, and nothing is stored, reserved or changed.
options:
  state:
    description: Whether the subscription shall be there.
    type: str
    choices: [present, absent]
    default: present
  id:
    description: The subscription, if its id is known. Else O(product) and O(input) say which.
    type: str
  product:
    description: Slug of the product.
    type: str
  customer:
    description: Short name of the customer. Needed for a new order.
    type: str
  input:
    description:
      - What is ordered, as C(GET /api/v1/products/SLUG) describes it. Only what is given is compared and changed.
      - With O(state=absent) what tells the subscription apart, as its name.
    type: dict
    default: {}
  note:
    description: A note on a new subscription.
    type: str
    default: ""
  approval:
    description:
      - V(manual) makes the run wait for a person once its plan is made. The task then ends, with the run's status
        C(awaiting-approval).
    type: str
    choices: [auto, manual]
    default: auto
  wait:
    description: Whether to wait for the run. A plan is always waited for.
    type: bool
    default: true
  wait_timeout:
    description: Seconds to wait for the run, and before that for another run on the same subscription.
    type: int
    default: 900
extends_documentation_fragment:
  - trunkline.network.order_book
seealso:
  - module: trunkline.network.subscription_report
author:
  - Trunkline contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: A node
  trunkline.network.subscription:
    product: node-frr
    customer: noc
    input: {name: ams-pe, site: ams, role: pe, management: 172.20.20.11/24}

- name: A circuit; the same task with another metric changes it
  trunkline.network.subscription:
    product: core-circuit-10g
    customer: noc
    input:
      a: {node: ams-pe, interface: eth1}
      z: {node: par-p, interface: eth2}
      isis_metric: 10

- name: The circuit goes, once somebody has approved that
  trunkline.network.subscription:
    state: absent
    product: core-circuit-10g
    input:
      a: {node: ams-pe, interface: eth1}
    approval: manual
"""

RETURN = r"""
subscription:
  description: The subscription. Null when there is none (state=absent), and for the plan of a new order.
  returned: success
  type: dict
  sample: {id: 0c5a6f3e-5d4f-4c36-9d3a-0d7c1d0f7a11, product: node-frr, customer: noc, status: active, insync: true}
run:
  description: The run that did it, or that could not; where one was needed.
  returned: when a run was started or found
  type: dict
  sample:
    id: 5f1b1c5e-7a0b-4d3f-8f61-0c1d2e3f4a5b
    target: create
    status: completed
    created_by: alice
    link: https://trunkline.example.org/api/v1/runs/5f1b1c5e-7a0b-4d3f-8f61-0c1d2e3f4a5b
plan:
  description: What was done, or in check mode would be. NetBox operations, and a diff for each router.
  returned: when a run was waited for
  type: dict
  sample: {netbox: [], devices: {}, digest: 44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a}
error:
  description: Why the run failed.
  returned: failure of a run
  type: dict
  sample: {title: Host not reachable, detail: Failed to connect to the host via ssh, host: par-p, task: Take the lease}
problem:
  description: What the API answered, when it refused (RFC 9457).
  returned: failure
  type: dict
  sample: {type: "urn:trunkline:problem:invalid", status: 422, detail: "input.site: must be a slug such as ams"}
"""
