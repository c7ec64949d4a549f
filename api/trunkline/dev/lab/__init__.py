"""The native lab: real FRR routers in network namespaces, wired as a containerlab topology file says."""

from trunkline.dev.lab.errors import LabError
from trunkline.dev.lab.lab import Lab

__all__ = ["Lab", "LabError"]
