"""What the API says about products."""

from pydantic import BaseModel, Field

from trunkline.catalog import Product
from trunkline.catalog.block import input_model
from trunkline.db.models import ProductRow
from trunkline.routes.paging import ListParams


class ProductFilter(ListParams):
    """Filters of the list of products."""

    sort: str = Field("slug", description="Field to sort by; `-` before it: descending")
    slug: str | None = None
    status: str | None = None
    block: str | None = None


class ProductOut(BaseModel):
    """A product that can be ordered."""

    slug: str = Field(examples=["core-circuit-10g"])
    name: str = Field(examples=["Core circuit 10G"])
    description: str
    status: str = Field(examples=["active"])
    block: str = Field(examples=["Core circuit"])
    fixed_inputs: dict[str, object] = Field(examples=[{"speed_mbps": 10000}])
    workflows: list[str] = Field(examples=[["create-core-circuit-10g"]])


class ProductDetail(ProductOut):
    """A product with what its order form takes."""

    input_schema: dict[str, object] = Field(description="JSON Schema of `input`")


class WorkflowOut(BaseModel):
    """Something that can be done for a product."""

    name: str = Field(examples=["create-node-frr"])
    target: str = Field(examples=["create"])
    product: str = Field(examples=["node-frr"])
    playbook: str = Field(examples=["node_provision.yml"])
    changes_network: bool


def product_out(row: ProductRow, product: Product) -> ProductOut:
    """The row with what only the code knows."""
    return ProductOut(
        slug=row.slug,
        name=row.name,
        description=row.description,
        status=row.status,
        block=row.block,
        fixed_inputs=row.fixed_inputs,
        workflows=[workflow.name for workflow in product.workflows],
    )


def product_detail(row: ProductRow, product: Product) -> ProductDetail:
    """The same with the schema of its input."""
    schema = input_model(product.block).model_json_schema()
    return ProductDetail(**product_out(row, product).model_dump(), input_schema=schema)
