"""The routes of the live page: a few small files from memory, with the policy browsers enforce.

The rule: a browser asks each time whether a file has changed (`no-cache` with an ETag), because the
modules of one page must be of one version. The page's credential comes in the fragment of its
address, which never reaches this server; so there is nothing secret here, and no session.
"""

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

HERE = Path(__file__).parent

MEDIA = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

# `connect-src 'self'` covers the socket as well. Forms are handled by the page's script alone, so
# that a key typed into one can never be part of an address. No script makes markup out of text: a
# voucher's QR code is an image, which runs nothing, and therefore images may be `data:`.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)

ALWAYS = {
    "cache-control": "no-cache",
    "referrer-policy": "no-referrer",
    "vary": "accept-encoding",
    "x-content-type-options": "nosniff",
}
PAGE = ALWAYS | {"content-security-policy": POLICY, "cross-origin-opener-policy": "same-origin"}
# Shops load the elements into pages of their own origin.
ELEMENT = ALWAYS | {
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
}


@dataclass(frozen=True, slots=True)
class File:
    """One file as it is sent: plain, and compressed for whoever accepts that."""

    media: str
    plain: bytes
    compressed: bytes
    tag: str

    @classmethod
    def read(cls, path: Path) -> "File":
        """Read a file of one of the kinds in `MEDIA`."""
        plain = path.read_bytes()
        return cls(
            media=MEDIA[path.suffix],
            plain=plain,
            compressed=gzip.compress(plain, mtime=0),
            tag=f'W/"{hashlib.sha256(plain).hexdigest()[:20]}"',
        )

    def answer(self, request: Request, headers: dict[str, str]) -> Response:
        """Return the file, or that the browser's copy is still the same."""
        headers = headers | {"etag": self.tag}
        known = (tag.strip() for tag in request.headers.get("if-none-match", "").split(","))
        if self.tag in known:
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
            return Response(self.compressed, headers=headers, media_type=self.media)
        return Response(self.plain, headers=headers, media_type=self.media)


def routes() -> list[BaseRoute]:
    """Return the routes of `/` and `/partner`, of `/page/...` and of `/elements/...`."""
    page = _folder(HERE / "files")
    return [
        _file("/", page.pop("index.html")),
        _file("/partner", page.pop("partner.html")),
        _files("/page/{name}", page, PAGE),
        _files("/elements/{name}", _folder(HERE / "elements"), ELEMENT),
    ]


def _folder(folder: Path) -> dict[str, File]:
    return {path.name: File.read(path) for path in folder.iterdir() if path.suffix in MEDIA}


def _file(path: str, file: File) -> Route:
    async def show(request: Request) -> Response:
        return file.answer(request, PAGE)

    return Route(path, show)


def _files(path: str, files: dict[str, File], headers: dict[str, str]) -> Route:
    async def show(request: Request) -> Response:
        file = files.get(request.path_params["name"])
        if file is None:
            raise HTTPException(404)
        return file.answer(request, headers)

    return Route(path, show)
