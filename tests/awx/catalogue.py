"""The products and workflows, which awx_setup.yml else reads from a running service."""

from typing import Any

from trunkline.catalog import PRODUCTS
from trunkline.catalog.block import input_model


def as_the_api_gives_it() -> dict[str, Any]:
    """Extra vars of awx_setup.yml."""
    products = [
        {
            "slug": product.slug,
            "name": product.name,
            "description": product.description,
            "fixed_inputs": dict(product.fixed_inputs),
            "input_schema": input_model(product.block).model_json_schema(),
        }
        for product in PRODUCTS.values()
    ]
    workflows = [
        {"target": workflow.target, "product": product.slug, "playbook": workflow.playbook}
        for product in PRODUCTS.values()
        for workflow in product.workflows
    ]
    return {"products": products, "workflows": workflows}
