#!/bin/sh
# Makes the virtual environments that `make` works with: .venv (the service; $1 names further dependency groups,
# comma separated) and, for a stack, NetBox's own; with "bench" as $2 also that of the benchmarks' peers. Needs a POSIX
# shell and nothing else.
set -eu
cd "$(dirname "$0")/../../.."
project=$PWD

say() { printf '%s\n' "$*" >&2; }

# A pyenv shim answers `command -v` for versions that are not active: only a Python that runs counts.
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1; }

find_python() {
    pyenv_root=${PYENV_ROOT:-}
    if [ -z "$pyenv_root" ] && shim=$(command -v pyenv); then pyenv_root=$(dirname "$(dirname "$shim")"); fi
    for candidate in python3.14 python3.13 python3.12 python3 \
        "${pyenv_root:-$HOME/.pyenv}"/versions/3.1[2-9]*/bin/python3; do
        if path=$(command -v "$candidate") && new_enough "$path"; then
            printf '%s\n' "$path"
            return
        fi
    done
}

find_uv() {
    if command -v uv >/dev/null 2>&1; then command -v uv; return; fi
    own=$project/.trunkline/uv
    if [ ! -x "$own/bin/uv" ]; then
        base=${1:-python3}
        if ! "$base" -m venv "$own" >/dev/null 2>&1; then
            rm -rf "$own"
            # Debian keeps ensurepip in a package of its own.
            if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
                { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy python3-venv; } >/dev/null 2>&1 || true
            fi
            "$base" -m venv "$own" >&2 || {
                say "uv is not installed, and $base cannot make a virtual environment for it: install uv (https://docs.astral.sh/uv) or python3-venv."
                exit 1
            }
        fi
        "$own/bin/pip" install --quiet --disable-pip-version-check 'uv>=0.9' >&2 || {
            rm -rf "$own"
            say "uv could not be installed from PyPI: check the network (PIP_INDEX_URL names another index), or install uv yourself."
            exit 1
        }
    fi
    printf '%s\n' "$own/bin/uv"
}

python=$(find_python)
uv=$(find_uv "$python")
if [ -z "$python" ]; then
    python=$("$uv" python find '>=3.12' 2>/dev/null || { "$uv" python install --quiet 3.12 && "$uv" python find 3.12; } 2>/dev/null) || {
        say "Trunkline needs Python 3.12 or newer and found none on PATH, in pyenv or through uv: install one, for example with 'pyenv install 3.12'."
        exit 1
    }
fi

# The machine's certificate store counts, as it does for pip and apt: a mirror may be signed by a company's own.
export UV_SYSTEM_CERTS=true UV_PYTHON="$python" UV_PYTHON_DOWNLOADS=never
# Hundreds of processes start from here: where it is set, each of them would compile every module again.
unset VIRTUAL_ENV PYTHONDONTWRITEBYTECODE
groups=$(printf '%s' "${1:-}" | sed 's/[^,][^,]*/--group &/g; s/,/ /g')
# shellcheck disable=SC2086 # the groups are words
"$uv" sync --quiet --frozen --inexact --compile-bytecode $groups
UV_PROJECT_ENVIRONMENT="$project/.trunkline/netbox-venv" "$uv" sync --quiet --frozen --compile-bytecode \
    --project api/trunkline/dev/netbox
if [ "${2:-}" = bench ]; then
    UV_PROJECT_ENVIRONMENT="$project/.trunkline/bench-venv" "$uv" sync --quiet --frozen --project api/trunkline/dev/bench/peers
    UV_PROJECT_ENVIRONMENT="$project/.trunkline/bench-api-venv" "$uv" sync --quiet --frozen --compile-bytecode \
        --project api/trunkline/dev/bench/api/peer
    UV_PROJECT_ENVIRONMENT="$project/.trunkline/bench-lso-venv" "$uv" sync --quiet --frozen --compile-bytecode \
        --project api/trunkline/dev/bench/order/peer
fi
