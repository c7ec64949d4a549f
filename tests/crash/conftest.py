"""The real lab and a NetBox without orders, for the module that kills what it can reach."""

from tests.lab.conftest import bare_netbox, lab, slot

__all__ = ["bare_netbox", "lab", "slot"]
