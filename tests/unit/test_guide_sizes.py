"""docs/add-a-product.md says how much a product is to write: as much as it is."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("product", ["port", "l2vpn"])
def test_the_sizes_in_the_guide_are_those_of_the_files(product: str) -> None:
    table = (ROOT / "docs/add-a-product.md").read_text()
    row = re.search(rf"^\| {product} \| ([\d,]+) \| ([\d,]+)[^|]* \| ([\d,]+) \|$", table, re.MULTILINE | re.IGNORECASE)
    assert row is not None
    there, here, playbooks = (int(text.replace(",", "")) for text in row.groups())
    assert here == len((ROOT / f"api/trunkline/catalog/products/{product}.py").read_text())
    both = [ROOT / f"playbooks/{product}_{what}.yml" for what in ("provision", "terminate")]
    assert playbooks == sum(len(path.read_text()) for path in both)
    assert here * 3 < there
