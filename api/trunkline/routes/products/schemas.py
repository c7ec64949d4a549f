"""What the API says about products."""

from collections.abc import Iterator

from pydantic import BaseModel, Field

from trunkline.catalog import Block, Product
from trunkline.catalog.block import input_model, nested
from trunkline.catalog.discovery import blocks_of
from trunkline.catalog.resource_types import fields_of
from trunkline.catalog.types import Changeable
from trunkline.db.models import ProductRow
from trunkline.routes.paging import ListParams


class ProductFilter(ListParams):
    """Filters of the list of products."""

    sort: str = Field("slug", description="Field to sort by; `-` before it: descending")
    slug: str | None = None
    status: str | None = Field(None, description="active, hidden or end-of-life; without it, hidden ones are left out")
    block: str | None = None


class ProductOut(BaseModel):
    """A product that can be ordered."""

    slug: str = Field(examples=["core-circuit-10g"])
    name: str = Field(examples=["Core circuit 10G"])
    description: str
    status: str = Field(examples=["active"], description="active, hidden (not listed) or end-of-life (no new orders)")
    customers: list[str] = Field(examples=[[]], description="Who may order it; empty: everyone")
    block: str = Field(examples=["Core circuit"])
    fixed_inputs: dict[str, object] = Field(examples=[{"speed_mbps": 10000}])
    workflows: list[str] = Field(examples=[["create-core-circuit-10g"]])


class ResourceType(BaseModel):
    """A field of a product block."""

    name: str = Field(examples=["node"])
    type: str = Field(
        examples=["string"], description="As JSON Schema names it, or the name of the block that it holds"
    )
    holds: str | None = Field(None, examples=["block"], description="`block`: another block; `blocks`: a list of them")
    since: str | None = Field(None, examples=["provisioning"], description="Stage from which the network gives it")
    uses: str | None = Field(None, examples=["Node.name"], description="Field of another subscription that it names")
    optional: bool = False
    changeable: bool = Field(False, description="A modify order may change it")
    description: str = ""


class ProductBlockOut(BaseModel):
    """A product block with its resource types."""

    name: str = Field(examples=["Endpoint"])
    description: str = Field(examples=["One end of a circuit."])
    resource_types: list[ResourceType]


class ProductDetail(ProductOut):
    """A product with its blocks and what its order form takes."""

    blocks: list[ProductBlockOut] = Field(description="Its own block first, then those that it holds")
    input_schema: dict[str, object] = Field(description="JSON Schema of `input`")


class WorkflowFilter(BaseModel):
    """Filters of the list of workflows."""

    model_config = {"extra": "forbid"}

    product: str | None = Field(None, examples=["node-frr"])
    target: str | None = Field(None, examples=["create"])


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
        customers=row.customers,
        block=product.block.block_name,
        fixed_inputs=row.fixed_inputs,
        workflows=[workflow.name for workflow in product.workflows],
    )


def product_detail(row: ProductRow, product: Product) -> ProductDetail:
    """The same with its blocks and the schema of its input."""
    blocks = [_block_out(block) for block in blocks_of([product]).values()]
    schema = input_model(product.block).model_json_schema()
    return ProductDetail(**product_out(row, product).model_dump(), blocks=blocks, input_schema=schema)


def _block_out(block: type[Block]) -> ProductBlockOut:
    return ProductBlockOut(
        name=block.block_name, description=(block.__doc__ or "").strip(), resource_types=list(_resource_types(block))
    )


def _resource_types(block: type[Block]) -> Iterator[ResourceType]:
    for name, spec in fields_of(block).items():
        info = block.model_fields[name]
        inner = nested(info)
        text = info.description or (inner.block.__doc__ if inner else "") or ""
        yield ResourceType(name=name, **spec, changeable=Changeable in info.metadata, description=text.strip())
