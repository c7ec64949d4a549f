"""Trunkline orders network services: a thin API over Ansible playbooks, NetBox and the routers."""

__version__ = "0.1.0"
