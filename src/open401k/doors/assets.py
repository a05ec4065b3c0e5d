"""Static files under URLs that carry their content's hash: cached for ever, checked by the browser.

What all pages share (the look) lies in ``doors/look``; each door adds a folder of its own.
"""

import base64
import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

LOOK = Path(__file__).parent / "look"
_TEXT = {".css", ".js", ".svg"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: where it is served, what a browser must find in it, and its bytes as they are sent."""

    url: str
    integrity: str
    media_type: str
    body: bytes
    packed: bytes | None


class Assets:
    """Every file of the look and below ``static``, read once."""

    def __init__(self, static: Path) -> None:
        self._by_name = {
            path.relative_to(root).as_posix(): _read(path, path.relative_to(root).as_posix())
            for root in (LOOK, static)
            for path in sorted(root.rglob("*"))
            if path.suffix in _TEXT
        }
        self._by_url = {asset.url: asset for asset in self._by_name.values()}

    def url(self, name: str) -> str:
        """Where a page finds the file."""
        return self._by_name[name].url

    def integrity(self, name: str) -> str:
        """The value of the ``integrity`` attribute."""
        return self._by_name[name].integrity

    async def serve(self, request: Request) -> Response:
        """Answer a request below ``/static/``; any other hash than the current one is not found."""
        asset = self._by_url.get(request.url.path)
        if asset is None:
            return Response("Not found.", status_code=404, media_type="text/plain")
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
        if asset.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(asset.packed, media_type=asset.media_type, headers=headers | {"Content-Encoding": "gzip"})
        return Response(asset.body, media_type=asset.media_type, headers=headers)


def _read(path: Path, name: str) -> Asset:
    body = path.read_bytes()
    digest = hashlib.sha384(body).digest()
    packed = gzip.compress(body, mtime=0) if len(body) > 1_000 else None
    return Asset(
        url=f"/static/{digest.hex()[:16]}/{name}",
        integrity="sha384-" + base64.b64encode(digest).decode(),
        media_type=mimetypes.guess_type(name)[0] or "application/octet-stream",
        body=body,
        packed=packed,
    )
