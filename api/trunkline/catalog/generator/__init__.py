"""`trunkline product new`: from a short description to a product's file, its playbooks and its test."""

from trunkline.catalog.generator.description import Description, load
from trunkline.catalog.generator.files import generate

__all__ = ["Description", "generate", "load"]
