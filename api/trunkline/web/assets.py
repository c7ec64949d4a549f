"""The files that pages need: read once, sent compressed, kept by browsers until they change."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, Request, Response

from trunkline.errors import NotFound

router = APIRouter()

_FOLDER = Path(__file__).parent / "static"
_COMPRESSED = {".css", ".js", ".svg"}
_SENT = {*_COMPRESSED, ".woff2"}


@dataclass(frozen=True)
class _Asset:
    media_type: str
    content: bytes
    compressible: bool


@lru_cache
def _assets() -> dict[str, _Asset]:
    return {
        path.relative_to(_FOLDER).as_posix(): _asset(path)
        for path in sorted(_FOLDER.rglob("*"))
        if path.suffix in _SENT
    }


def _asset(path: Path) -> _Asset:
    content = path.read_bytes()
    media_type = mimetypes.guess_type(path.name)[0] or "font/woff2"
    return _Asset(media_type, content, path.suffix in _COMPRESSED)


@lru_cache
def _compressed(name: str) -> bytes:
    return gzip.compress(_assets()[name].content, 9)


@lru_cache
def _version() -> str:
    digest = hashlib.sha256()
    for name, asset in _assets().items():
        digest.update(name.encode() + asset.content)
    return digest.hexdigest()[:12]


def url_of(name: str) -> str:
    """Where a browser finds the file; another address whenever any of them changes."""
    if name not in _assets():
        raise LookupError(name)
    return f"/static/{_version()}/{name}"


@router.get("/static/{version}/{name:path}")
async def get_asset(request: Request, version: str, name: str) -> Response:
    """The file. Needs no session: the log-in page has it, too."""
    asset = _assets().get(name)
    if asset is None:
        raise NotFound(f"There is no file {name}.")
    lasting = version == _version()
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable" if lasting else "no-cache",
        "X-Content-Type-Options": "nosniff",
        "Vary": "Accept-Encoding",
    }
    if asset.compressible and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(_compressed(name), media_type=asset.media_type, headers=headers)
    return Response(asset.content, media_type=asset.media_type, headers=headers)
