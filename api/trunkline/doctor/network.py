"""NetBox and the routers."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from trunkline.doctor.check import Check, clocks, version
from trunkline.errors import Unavailable
from trunkline.recovery.read import learned_from
from trunkline.settings import Settings

_OLDEST_NETBOX = (4, 5, 2)
_OLDEST_FRR = (8, 4)
_TIMEOUT_S = 5.0
# What an order makes.
_MADE = ("dcim/devices", "dcim/interfaces", "dcim/cables", "ipam/ip-addresses", "ipam/prefixes", "circuits/circuits")


def netbox(settings: Settings) -> Iterator[Check]:
    """What the playbooks need of NetBox."""
    if not settings.netbox_url or settings.netbox_token is None:
        yield Check("NetBox", "warning", "NETBOX_URL or NETBOX_TOKEN is not set", "set both: playbooks document there")
        return
    token = settings.netbox_token.get_secret_value()
    scheme = "Bearer" if token.startswith("nbt_") else "Token"
    headers = {"Authorization": f"{scheme} {token}"}
    with httpx.Client(
        base_url=f"{settings.netbox_url.rstrip('/')}/api/", headers=headers, timeout=_TIMEOUT_S
    ) as client:
        try:
            yield from _netbox(client)
        except (httpx.HTTPError, ValueError) as error:
            yield Check("NetBox", "wrong", f"{settings.netbox_url}: {error}", "start NetBox, and check NETBOX_URL")


def _netbox(client: httpx.Client) -> Iterator[Check]:
    answer = client.get("status/")
    if answer.status_code in (401, 403):
        yield Check(
            "NetBox", "wrong", f"refuses the token ({answer.status_code})", "set NETBOX_TOKEN to one that it knows"
        )
        return
    found = str(answer.raise_for_status().json()["netbox-version"])
    if version(found) >= _OLDEST_NETBOX:
        yield Check("NetBox", "ok", found)
    else:
        yield Check("NetBox", "wrong", found, f"upgrade it to {'.'.join(map(str, _OLDEST_NETBOX))} or newer")
    if "date" in answer.headers:
        yield clocks("NetBox", parsedate_to_datetime(answer.headers["date"]), datetime.now(UTC))
    # Who may add objects is told how (the serializer's fields under "actions").
    missing = [
        path for path in _MADE if "POST" not in client.options(f"{path}/").raise_for_status().json().get("actions", {})
    ]
    if missing:
        remedy = "give the token's user permission to add, change and delete these, and write access to the token"
        yield Check("NetBox permissions", "wrong", f"may not add {', '.join(missing)}", remedy)
    else:
        yield Check("NetBox permissions", "ok", "may add what orders make")


def routers(settings: Settings) -> Iterator[Check]:
    """Whether the routers that run FRR answer, and with which version."""
    try:
        found: dict[str, Any] = learned_from(settings, "doctor.yml")["routers"]
    except Unavailable as error:
        yield Check("routers", "wrong", error.detail, "look at the playbook: ansible-playbook playbooks/doctor.yml")
        return
    for name, said in sorted(found.items()):
        yield router(name, str(said))
    if not found:
        yield Check("routers", "ok", "NetBox has none that runs FRR")


def router(name: str, said: str) -> Check:
    """What `show version` of a router says."""
    told = re.search(r"FRRouting ([\d.]+)", said)
    if told is None:
        remedy = "check its management address in NetBox, TRUNKLINE_DEVICE_USER, ssh, and that FRR runs there"
        return Check(f"router {name}", "wrong", "does not answer", remedy)
    if version(told[1]) < _OLDEST_FRR:
        remedy = f"upgrade FRR to {'.'.join(map(str, _OLDEST_FRR))} or newer"
        return Check(f"router {name}", "wrong", f"FRR {told[1]}", remedy)
    return Check(f"router {name}", "ok", f"FRR {told[1]}")
