#!/bin/sh
# Makes the secrets that compose.yaml reads, in secrets/ or the folder named as $1; what is there already stays.
# Only this user may enter the folder. The files themselves can be read by all: each is mounted alone into containers
# whose users are not this one.
set -eu
folder=${1:-secrets}
mkdir -p "$folder"
chmod 700 "$folder"
cd "$folder"

make() {
    [ -e "$1" ] && return
    printf '%s' "$2" >"$1"
    chmod 444 "$1"
}
random() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }

for name in postgres_password redis_password netbox_db_password trunkline_db_password netbox_superuser_password; do
    make "$name" "$(random 24)"
done
make netbox_secret_key "$(random 32)"
make netbox_api_token_pepper "$(random 32)"
make netbox_token "$(random 20)"
make trunkline_secret_key "$(random 32)"
make trunkline_database_url "postgresql://trunkline:$(cat trunkline_db_password)@postgres/trunkline"
if [ ! -e ssh_key ]; then
    ssh-keygen -q -t ed25519 -N '' -C trunkline -f ssh_key
    chmod 444 ssh_key ssh_key.pub
fi
# The routers' host keys (ssh-keyscan, and compare them): a router whose key is not here is not talked to.
make known_hosts ''
