"""A flood of orders of one customer does not starve the others."""

import psycopg

from tests.api.live_service import Service
from trunkline.settings import Settings


def _next(service: Service) -> list[str]:
    """The customers of the waiting jobs, in the order in which procrastinate takes them."""
    query = """
        SELECT customers.shortcode FROM procrastinate_jobs AS job
        JOIN runs ON runs.id::text = job.args ->> 'run_id'
        JOIN subscriptions ON subscriptions.id = runs.subscription_id
        JOIN customers ON customers.id = subscriptions.customer_id
        WHERE job.status = 'todo' ORDER BY job.priority DESC, job.id
    """
    with psycopg.connect(Settings(database_url=service.environment["TRUNKLINE_DATABASE_URL"]).libpq_url) as connection:
        return [row[0] for row in connection.execute(query)]


def test_a_later_order_of_another_customer_comes_before_the_rest_of_a_flood(service: Service) -> None:
    service.call("POST", "/customers", 201, json={"shortcode": "small", "name": "Small"})
    for number in range(8):
        service.order_node(f"flood-{number}", customer="noc")
    for number in range(2):
        service.order_node(f"small-one-{number}", customer="small")
    assert _next(service) == ["noc", "small", "noc", "small", *["noc"] * 6]
