"""Send a webhook: one POST, bounded in time and size, to nowhere but where it was meant to go."""

import asyncio
import ssl
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

import httpcore

from trunkline import __version__
from trunkline.notify.guard import Guard, Network, RefusedError
from trunkline.notify.signature import headers_of

TIMEOUT_S = 10.0
_MOST_READ = 64 * 1024
_SHOWN = 200


class DeliveryError(Exception):
    """It was not delivered; the text says why. `final`: trying again is of no use."""

    def __init__(self, text: str, *, final: bool = False) -> None:
        super().__init__(text)
        self.final = final


async def post(url: str, secret: str, message_id: str, body: bytes, allowed: Sequence[Network]) -> str:
    """Deliver the message; what the receiver answered. Raises DeliveryError."""
    encrypted = urlsplit(url).scheme == "https"
    headers = [
        ("content-type", "application/json"),
        ("user-agent", f"trunkline/{__version__}"),
        *headers_of(secret, message_id, int(time.time()), body).items(),
    ]
    guard = Guard(allowed, encrypted=encrypted)
    tls = ssl.create_default_context() if encrypted else None
    try:
        # httpcore follows no redirect and knows no proxy: the address that was checked is the one that is talked to.
        async with (
            asyncio.timeout(TIMEOUT_S),
            httpcore.AsyncConnectionPool(ssl_context=tls, network_backend=guard) as pool,
            pool.stream("POST", url, headers=headers, content=body) as response,
        ):
            read = b""
            async for chunk in response.aiter_stream():
                read += chunk
                if len(read) > _MOST_READ:
                    break
            status = response.status
    except RefusedError as error:
        raise DeliveryError(str(error)) from error
    except TimeoutError as error:
        raise DeliveryError(f"no answer within {TIMEOUT_S:.0f} s") from error
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
        raise DeliveryError(f"{type(error).__name__}: {error}") from error
    said = f"{status} {_text(read)}".strip()
    if not 200 <= status < 300:
        raise DeliveryError(f"answered {said}", final=status == 410)
    return said


def _text(body: bytes) -> str:
    text = body[: 4 * _SHOWN].decode("utf-8", "replace").replace("\x00", "")
    return " ".join(text.split())[:_SHOWN]
