#!/usr/bin/python
# Copyright: Trunkline contributors
# SPDX-License-Identifier: Apache-2.0

from __future__ import annotations

DOCUMENTATION = r"""
module: awx_objects
short_description: Ensure objects of AWX
version_added: 0.1.0
description:
  - Makes sure that a declared list of objects exists in AWX with the given fields, over its REST API. Objects are found
    by their name in their organization, made when they are missing, and changed where a given field differs. Fields
    that are not given are left alone.
  - It needs nothing but ansible-core, unlike the collection C(awx.awx), and shows in check mode what the
    whole list would change, also of objects that do not exist yet.
options:
  awx_url:
    description: Address of AWX, without C(/api). If it is not given, E(TRUNKLINE_AWX_URL) is used.
    type: str
  awx_token:
    description: OAuth2 token of an administrator. If it is not given, E(TRUNKLINE_AWX_TOKEN) is used.
    type: str
  awx_ca:
    description: Path of a CA bundle that signed AWX's certificate. If it is not given, E(TRUNKLINE_AWX_CA) is used.
    type: path
  awx_timeout:
    description: Seconds to wait for an answer.
    type: float
    default: 60.0
  organization:
    description: The organization that all objects are in; it is made, too.
    type: str
    required: true
  objects:
    description: The objects, in order of dependency.
    type: list
    elements: dict
    required: true
    suboptions:
      type:
        description: The endpoint of the API.
        type: str
        required: true
        choices:
          - organizations
          - credential_types
          - execution_environments
          - credentials
          - projects
          - inventories
          - inventory_sources
          - job_templates
          - workflow_job_templates
      values:
        description:
          - AWX's own fields, C(name) among them. References are given by name (C(project), C(inventory) and such).
          - A template may have C(credentials), a list of names, and C(survey), what C(survey_spec) takes.
          - A workflow may have C(nodes), each with C(identifier), C(job_template) or C(approval), C(job_type), and
            C(success), C(failure), C(always), lists of identifiers.
        type: dict
        required: true
  secrets:
    description: Secret inputs of credentials, by the credential's name.
    type: dict
    default: {}
  update_secrets:
    description: Whether secrets are written again. AWX does not give them back, so this always is a change.
    type: bool
    default: false
  wait:
    description: Seconds to wait for the update of a project or of an inventory.
    type: float
    default: 300.0
attributes:
  check_mode:
    description: Can run in check_mode and return changed status prediction without modifying target.
    support: full
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff mode.
    support: full
author:
  - Trunkline contributors (!UNKNOWN)
"""

EXAMPLES = r"""
- name: A project, and a template that runs one of its playbooks
  trunkline.network.awx_objects:
    organization: NOC
    objects:
      - type: projects
        values: {name: Trunkline, scm_type: git, scm_url: https://git.example.org/trunkline/trunkline}
      - type: inventories
        values: {name: Trunkline}
      - type: job_templates
        values:
          name: Provision a node
          project: Trunkline
          inventory: Trunkline
          playbook: playbooks/node_provision.yml
          ask_variables_on_launch: true
"""

RETURN = r"""
operations:
  description: What was, or in check mode would be, done, in order; secrets are hidden.
  returned: always
  type: list
  elements: dict
  sample: [{op: create, type: projects, name: Trunkline, before: {}, after: {name: Trunkline}}]
requests:
  description: How many HTTP requests were made.
  returned: always
  type: int
  sample: 12
"""

from ansible.module_utils.basic import AnsibleModule, env_fallback

from ansible_collections.trunkline.network.plugins.module_utils.awx_client import AwxError, Client
from ansible_collections.trunkline.network.plugins.module_utils.awx_objects import TYPES, Objects


def main() -> None:
    """Entry point of the module."""
    module = AnsibleModule(
        argument_spec={
            "awx_url": {"type": "str", "fallback": (env_fallback, ["TRUNKLINE_AWX_URL"])},
            "awx_token": {"type": "str", "no_log": True, "fallback": (env_fallback, ["TRUNKLINE_AWX_TOKEN"])},
            "awx_ca": {"type": "path", "fallback": (env_fallback, ["TRUNKLINE_AWX_CA"])},
            "awx_timeout": {"type": "float", "default": 60.0},
            "organization": {"type": "str", "required": True},
            "objects": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "type": {"type": "str", "required": True, "choices": list(TYPES)},
                    "values": {"type": "dict", "required": True},
                },
            },
            "secrets": {"type": "dict", "no_log": True, "default": {}},
            "update_secrets": {"type": "bool", "no_log": False, "default": False},
            "wait": {"type": "float", "default": 300.0},
        },
        supports_check_mode=True,
    )
    given = module.params
    for name, variable in (("awx_url", "TRUNKLINE_AWX_URL"), ("awx_token", "TRUNKLINE_AWX_TOKEN")):
        if not given[name]:
            module.fail_json(msg=f"{name} is missing: give it, or set {variable}")
    client = Client(given["awx_url"], given["awx_token"], given["awx_ca"], given["awx_timeout"])
    objects = Objects(
        client,
        given["organization"],
        given["secrets"],
        check=module.check_mode,
        renew=given["update_secrets"],
        wait_s=given["wait"],
    )
    try:
        objects.ensure("organizations", {"name": given["organization"]})
        for item in given["objects"]:
            objects.ensure(item["type"], item["values"])
    except AwxError as error:
        module.fail_json(msg=str(error), operations=objects.operations, requests=client.requests)
    diff = [
        {"before_header": name, "after_header": name, "before": item["before"], "after": item["after"]}
        for item in objects.operations
        for name in [f"{item['type']} {item['name']}"]
    ]
    module.exit_json(
        changed=bool(objects.operations), operations=objects.operations, requests=client.requests, diff=diff
    )


if __name__ == "__main__":
    main()
