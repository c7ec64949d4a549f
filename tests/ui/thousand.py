"""A network of a thousand nodes and 1,600 circuits: rows of the database, no network is behind them."""

import contextlib
from collections.abc import Iterator

from tests.api.live_service import Service

PAN_AND_ZOOM = """async () => {
    const map = window.trunklineMap, spans = [];
    let before = performance.now();
    for (let frame = 0; frame < 60; frame += 1) {
        map.pan(3, 2);
        if (frame % 2) map.zoom(1.01);
        await new Promise(requestAnimationFrame);
        spans.push(performance.now() - before);
        before = performance.now();
    }
    return spans.sort((a, b) => a - b);
    }"""


@contextlib.contextmanager
def thousand_nodes(service: Service) -> Iterator[None]:
    """They are in the order book while the block runs."""
    service.sql(_MADE)
    try:
        yield
    finally:
        service.sql(_REMOVED)


_MADE = """
SET LOCAL session_replication_role = replica;
INSERT INTO subscriptions (id, description, status, product_slug, customer_id, insync, touched, note, block)
  SELECT md5('node' || i)::uuid, 'Node n' || i || ' at s' || i / 20, 'active', 'node-frr',
         (SELECT id FROM customers LIMIT 1), i % 90 <> 0, true, 'thousand',
         jsonb_build_object('name', 'n' || i, 'site', 's' || i / 20, 'role', 'pe')
  FROM generate_series(0, 999) AS i
  UNION ALL
  SELECT md5('link' || i)::uuid, 'Circuit ' || i, 'active', 'core-circuit-10g',
         (SELECT id FROM customers LIMIT 1), i % 70 <> 0, true, 'thousand',
         jsonb_build_object('under_maintenance', i % 40 = 0)
  FROM generate_series(0, 1599) AS i;
INSERT INTO dependencies (subscription_id, path, depends_on_id)
  SELECT md5('link' || i)::uuid, 'a.node', md5('node' || i % 1000)::uuid FROM generate_series(0, 1599) AS i
  UNION ALL
  SELECT md5('link' || i)::uuid, 'z.node',
         md5('node' || CASE WHEN i < 1000 THEN (i + 1) % 1000 ELSE (i * 7 + 20) % 1000 END)::uuid
  FROM generate_series(0, 1599) AS i;
"""

_REMOVED = (
    "SET LOCAL session_replication_role = replica; DELETE FROM subscriptions WHERE note = 'thousand'; "
    "DELETE FROM dependencies WHERE subscription_id NOT IN (SELECT id FROM subscriptions)"
)
