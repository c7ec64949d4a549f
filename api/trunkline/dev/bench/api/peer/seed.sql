-- Active subscriptions as the Workflow Orchestrator keeps them: a quarter nodes, the rest circuits between them.
-- Usage: psql -v subscriptions=10000 -f seed.sql. The ids are those that ../seed gives the same orders.
BEGIN;
SET LOCAL session_replication_role = replica;  -- its triggers rebuild the search view for each row

INSERT INTO products (product_id, name, description, product_type, tag, status, created_at) VALUES
  (md5('node-frr')::uuid, 'Node FRR', 'A router that runs FRRouting', 'Node', 'NODE', 'active', now()),
  (md5('core-circuit-10g')::uuid, 'Core circuit 10G', 'A 10G link', 'Circuit', 'CIRCUIT', 'active', now());
INSERT INTO fixed_inputs (fixed_input_id, name, value, product_id, created_at) VALUES
  (md5('vendor')::uuid, 'vendor', 'FRR', md5('node-frr')::uuid, now()),
  (md5('speed_mbps')::uuid, 'speed_mbps', '10000', md5('core-circuit-10g')::uuid, now());
INSERT INTO product_blocks (product_block_id, name, description, tag, status, created_at)
  SELECT md5(name)::uuid, name, name, name, 'active', now()
  FROM unnest(ARRAY['Node', 'Endpoint', 'Core circuit']) AS name;
INSERT INTO product_product_blocks (product_id, product_block_id) VALUES
  (md5('node-frr')::uuid, md5('Node')::uuid), (md5('core-circuit-10g')::uuid, md5('Core circuit')::uuid);
INSERT INTO product_block_relations (in_use_by_id, depends_on_id) VALUES
  (md5('Core circuit')::uuid, md5('Endpoint')::uuid), (md5('Endpoint')::uuid, md5('Node')::uuid);

CREATE TEMP TABLE field (block text, name text) ON COMMIT DROP;
INSERT INTO field VALUES
  ('Node', 'node_name'), ('Node', 'site'), ('Node', 'role'), ('Node', 'management'), ('Node', 'netbox_id'),
  ('Node', 'loopback_ipv4'), ('Node', 'loopback_ipv6'),
  ('Endpoint', 'interface'), ('Endpoint', 'ipv4'), ('Endpoint', 'ipv6'), ('Endpoint', 'netbox_interface_id'),
  ('Core circuit', 'cid'), ('Core circuit', 'isis_metric'), ('Core circuit', 'under_maintenance'),
  ('Core circuit', 'netbox_id');
INSERT INTO resource_types (resource_type_id, resource_type, description)
  SELECT DISTINCT md5('rt ' || name)::uuid, name, name FROM field;
INSERT INTO product_block_resource_types (product_block_id, resource_type_id)
  SELECT md5(block)::uuid, md5('rt ' || name)::uuid FROM field;

CREATE TEMP TABLE node ON COMMIT DROP AS
  SELECT i, md5('node ' || i)::uuid AS id, md5('node block ' || i)::uuid AS block, 'node-' || i AS name,
         'site-' || i % 50 AS site
  FROM generate_series(0, :subscriptions / 4 - 1) AS i;
CREATE TEMP TABLE circuit ON COMMIT DROP AS
  SELECT i, md5('circuit ' || i)::uuid AS id, md5('circuit block ' || i)::uuid AS block,
         'TL-' || lpad(i::text, 12, '0') AS cid, i % (:subscriptions / 4) AS a,
         (i + 1 + i * 7 % (:subscriptions / 4 - 1)) % (:subscriptions / 4) AS z
  FROM generate_series(0, :subscriptions - :subscriptions / 4 - 1) AS i;
CREATE TEMP TABLE endpoint ON COMMIT DROP AS
  SELECT i, side, md5('endpoint ' || side || i)::uuid AS block, id, circuit.block AS circuit,
         CASE side WHEN 'a' THEN a ELSE z END AS node
  FROM circuit, unnest(ARRAY['a', 'z']) AS side;

INSERT INTO subscriptions (subscription_id, description, status, product_id, customer_id, insync, start_date, note)
  SELECT id, 'Node ' || name || ' at ' || site, 'active', md5('node-frr')::uuid, 'noc', true,
         timestamptz '2026-01-01' + i * interval '1 minute', '' FROM node
  UNION ALL
  SELECT id, 'Core circuit node-' || a || ':eth' || i || ' - node-' || z || ':eth' || i, 'active',
         md5('core-circuit-10g')::uuid, 'noc', true, timestamptz '2026-01-01' + i * interval '1 minute', '' FROM circuit;
INSERT INTO subscription_instances (subscription_instance_id, subscription_id, product_block_id)
  SELECT block, id, md5('Node')::uuid FROM node
  UNION ALL SELECT block, id, md5('Core circuit')::uuid FROM circuit
  UNION ALL SELECT block, id, md5('Endpoint')::uuid FROM endpoint;
INSERT INTO subscription_instance_relations (in_use_by_id, depends_on_id, order_id, domain_model_attr)
  SELECT circuit, block, 0, side FROM endpoint
  UNION ALL SELECT endpoint.block, node.block, 0, 'node' FROM endpoint JOIN node ON node.i = endpoint.node;
INSERT INTO subscription_instance_values (subscription_instance_value_id, subscription_instance_id, resource_type_id, value)
  SELECT uuid_generate_v4(), block, md5('rt ' || key)::uuid, value
  FROM node, json_each_text(json_build_object(
    'node_name', name, 'site', site, 'role', 'pe', 'management', '172.20.' || i / 250 || '.' || i % 250 || '/16',
    'netbox_id', i, 'loopback_ipv4', '10.0.' || i / 250 || '.' || i % 250 || '/32',
    'loopback_ipv6', 'fc00:0:0:127::' || to_hex(i) || '/128'))
  UNION ALL SELECT uuid_generate_v4(), block, md5('rt ' || key)::uuid, value
  FROM circuit, json_each_text(json_build_object(
    'cid', cid, 'isis_metric', 10, 'under_maintenance', false, 'netbox_id', i))
  UNION ALL SELECT uuid_generate_v4(), block, md5('rt ' || key)::uuid, value
  FROM endpoint, json_each_text(json_build_object(
    'interface', 'eth' || i, 'ipv4', '10.1.' || i / 120 % 250 || '.' || i % 120 * 2 || '/31',
    'ipv6', 'fc00:0:1:' || to_hex(i) || '::/127', 'netbox_interface_id', i));
COMMIT;

REFRESH MATERIALIZED VIEW subscriptions_search;
VACUUM ANALYZE;
