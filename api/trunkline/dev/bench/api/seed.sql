-- Active subscriptions as Trunkline keeps them: a quarter nodes, the rest circuits between them.
-- Usage: psql -v subscriptions=10000 -f seed.sql. The same orders with the same ids as in peer/seed.sql.
BEGIN;
SET LOCAL session_replication_role = replica;  -- what is made here has no history

INSERT INTO customers (id, shortcode, name) VALUES (md5('noc')::uuid, 'noc', 'NOC');

CREATE TEMP TABLE node ON COMMIT DROP AS
  SELECT i, md5('node ' || i)::uuid AS id, 'node-' || i AS name, 'site-' || i % 50 AS site
  FROM generate_series(0, :subscriptions / 4 - 1) AS i;
CREATE TEMP TABLE circuit ON COMMIT DROP AS
  SELECT i, md5('circuit ' || i)::uuid AS id, 'TL-' || lpad(i::text, 12, '0') AS cid,
         i % (:subscriptions / 4) AS a, (i + 1 + i * 7 % (:subscriptions / 4 - 1)) % (:subscriptions / 4) AS z
  FROM generate_series(0, :subscriptions - :subscriptions / 4 - 1) AS i;
CREATE TEMP TABLE endpoint ON COMMIT DROP AS
  SELECT i, side, id, CASE side WHEN 'a' THEN a ELSE z END AS node, json_build_object(
    'node', 'node-' || CASE side WHEN 'a' THEN a ELSE z END, 'interface', 'eth' || i,
    'ipv4', '10.1.' || i / 120 % 250 || '.' || i % 120 * 2 || '/31', 'ipv6', 'fc00:0:1:' || to_hex(i) || '::/127',
    'netbox_interface_id', i) AS block
  FROM circuit, unnest(ARRAY['a', 'z']) AS side;

INSERT INTO subscriptions (id, description, status, product_slug, customer_id, insync, touched, note, block,
                           start_date, created_at)
  SELECT id, 'Node ' || name || ' at ' || site, 'active', 'node-frr', md5('noc')::uuid, true, true, '',
         jsonb_build_object(
           'name', name, 'site', site, 'role', 'pe', 'management', '172.20.' || i / 250 || '.' || i % 250 || '/16',
           'netbox_id', i, 'loopback_ipv4', '10.0.' || i / 250 || '.' || i % 250 || '/32',
           'loopback_ipv6', 'fc00:0:0:127::' || to_hex(i) || '/128'),
         start, start FROM node, LATERAL (SELECT timestamptz '2026-01-01' + i * interval '1 minute') AS t (start)
  UNION ALL
  SELECT circuit.id, 'Core circuit node-' || circuit.a || ':eth' || circuit.i || ' - node-' || circuit.z || ':eth'
         || circuit.i, 'active', 'core-circuit-10g', md5('noc')::uuid, true, true, '',
         jsonb_build_object(
           'a', a.block, 'z', z.block, 'cid', cid, 'isis_metric', 10, 'under_maintenance', false, 'netbox_id', circuit.i),
         start, start
  FROM circuit JOIN endpoint AS a ON a.id = circuit.id AND a.side = 'a'
       JOIN endpoint AS z ON z.id = circuit.id AND z.side = 'z',
       LATERAL (SELECT timestamptz '2026-01-01' + circuit.i * interval '1 minute') AS t (start);
INSERT INTO dependencies (subscription_id, path, depends_on_id)
  SELECT endpoint.id, side || '.node', node.id FROM endpoint JOIN node ON node.i = endpoint.node;
INSERT INTO claims (what, subscription_id)
  SELECT 'node name ' || name, id FROM node
  UNION ALL SELECT 'interface eth' || i || ' of node-' || node, id FROM endpoint;
COMMIT;

VACUUM ANALYZE;
