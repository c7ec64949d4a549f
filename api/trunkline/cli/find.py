"""What a person's word means: a product, a subscription, a run."""

import re
from typing import TYPE_CHECKING

from trunkline.cli.client import NOT_FOUND, USAGE, CliError

if TYPE_CHECKING:
    from trunkline.cli.client import Client, Json

_ID = re.compile(r"[0-9a-fA-F-]{4,36}\Z")


def words_of(product: "Json") -> set[str]:
    """What the product may be called: its slug, its root block, and that one's last word (circuit)."""
    block = str(product["block"]).lower()
    return {product["slug"], block.replace(" ", "-"), block.split()[-1]}


def products_called(products: "list[Json]", word: str) -> "list[Json]":
    """The active products that `word` can mean, the least of its fixed inputs (the slowest) first."""
    active = [product for product in products if product["status"] == "active"]
    exact = [product for product in active if product["slug"] == word]
    found = exact or [product for product in active if word.lower() in words_of(product)]
    return sorted(found, key=lambda product: ([str(value).zfill(12) for value in product["fixed_inputs"].values()]))


def subscription(client: "Client", word: str) -> "Json":
    """The subscription with this id, beginning of an id, name, description, or with these words. Raises CliError."""
    if _ID.match(word):
        found = client.call("GET", "/subscriptions", params={"id": word, "limit": 2})["items"]
        if len(found) == 1:
            return dict(found[0])
    living = "initial,provisioning,active,migrating,disabled"
    found = client.call("GET", "/subscriptions", params={"q": word, "status": living, "limit": 50})["items"]
    exact = [item for item in found if word in (item["description"], item["block"].get("name"))]
    found = exact or found
    if len(found) == 1:
        return dict(found[0])
    if not found:
        raise CliError(f"{word}: there is no such subscription; see `trunkline subscriptions list`", NOT_FOUND)
    names = ", ".join(f"{item['description']} ({item['id'][:8]})" for item in found[:5])
    raise CliError(f"{word}: could be {names}{' ...' if len(found) > 5 else ''}: say which, for instance by id", USAGE)


def run(client: "Client", word: str) -> str:
    """The id of the run with this id or beginning of an id. Raises CliError."""
    if not _ID.match(word):
        raise CliError(f"{word}: give a run's id, or how it begins; see `trunkline runs list`", USAGE)
    found = client.call("GET", "/runs", params={"id": word, "limit": 2, "fields": "id"})["items"]
    if not found:
        raise CliError(f"{word}: there is no such run; see `trunkline runs list`", NOT_FOUND)
    if len(found) > 1:
        raise CliError(f"{word}: several runs begin so: give more of the id", USAGE)
    return str(found[0]["id"])
