#!/bin/sh
# Runs once, on an empty volume (/docker-entrypoint-initdb.d): a database and a user for each of the two services.
set -eu
for name in trunkline netbox; do
    psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --set=name="$name" \
        --set=password="$(cat "/run/secrets/${name}_db_password")" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
SQL
done
