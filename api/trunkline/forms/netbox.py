"""What NetBox has to choose from: read in a thread, kept for a while, never waited for long."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from trunkline.catalog.choices import ChosenFrom
from trunkline.errors import Unavailable
from trunkline.settings import Settings

if TYPE_CHECKING:
    from pynetbox.core.api import Api

type Options = Mapping[str, str]
"""Value -> label."""

KEPT_S = 20.0
"""How old a list may be; an interface is taken in the moment of the order, whatever the form has shown."""

_ANSWERS_WITHIN_S = 5.0


@dataclass
class NetBoxChoices:
    """One a process."""

    settings: Settings
    _kept: dict[tuple[str, str], tuple[float, Options]] = field(default_factory=dict)
    _api: "Api | None" = None

    @property
    def configured(self) -> bool:
        """Without NETBOX_URL a form takes text instead."""
        return self.settings.netbox_url is not None

    async def options(self, chosen: ChosenFrom, device: str = "") -> Options:
        """What can be chosen, of `device` where it is asked for. Raises Unavailable when NetBox does not answer."""
        key = (chosen.things, device)
        age, found = self._kept.get(key, (0.0, {}))
        if not found or time.monotonic() - age > KEPT_S:
            found = await asyncio.to_thread(self._read, chosen, device)
            self._forget_old()
            self._kept[key] = (time.monotonic(), found)
        return found

    def _forget_old(self) -> None:
        now = time.monotonic()
        self._kept = {key: kept for key, kept in self._kept.items() if now - kept[0] <= KEPT_S}

    def _read(self, chosen: ChosenFrom, device: str) -> Options:
        # Loaded where it is needed: it takes a fifth of a second.
        import pynetbox  # noqa: PLC0415
        import requests  # noqa: PLC0415

        readers: Mapping[str, Callable[[Any], Options]] = {
            "sites": lambda api: {site.slug: site.name for site in api.dcim.sites.filter(fields="slug,name", limit=0)},
            "roles": lambda api: {
                role.slug: role.name for role in api.dcim.device_roles.filter(fields="slug,name", limit=0)
            },
            "free interfaces": lambda api: {
                item.name: f"{item.name} {item.description}".strip()
                for item in api.dcim.interfaces.filter(
                    device=device,
                    kind="physical",
                    occupied=False,
                    mgmt_only=False,
                    cf_trunkline_port__empty="true",
                    limit=0,
                )
            },
        }
        try:
            return readers[chosen.things](self._connected())
        except (requests.RequestException, pynetbox.RequestError, pynetbox.ContentError) as error:
            raise Unavailable(
                f"NetBox at {self.settings.netbox_url} did not tell its {chosen.things} ({_short(error)}): check that "
                "it runs and that NETBOX_TOKEN may read; an order over REST needs no form."
            ) from error

    def _connected(self) -> "Api":
        import pynetbox  # noqa: PLC0415
        import requests  # noqa: PLC0415

        if self._api is None:
            token = self.settings.netbox_token.get_secret_value() if self.settings.netbox_token else None
            self._api = pynetbox.api(self.settings.netbox_url, token=token)
            session = requests.Session()
            for scheme in ("http://", "https://"):
                session.mount(scheme, _bounded(requests.adapters.HTTPAdapter)())
            self._api.http_session = session
        return self._api


def _bounded(adapter: type[Any]) -> type[Any]:
    class Bounded(adapter):  # type: ignore[misc]
        def send(self, *args: object, **kwargs: object) -> object:
            return super().send(*args, **{**kwargs, "timeout": _ANSWERS_WITHIN_S})

    return Bounded


def _short(error: Exception) -> str:
    text = str(error)
    return text if len(text) < 200 else f"{text[:200]}..."
