"""GraphiQL for developers, from files of this package: no other host is asked for anything.

The rule: the page runs under a policy that permits its own scripts, and no others, to be loaded and
its own origin to be spoken to. The files carry their versions in their names and never change, so
browsers keep them.

Who gets the page is decided in `http`, by credential.
"""

import gzip
from dataclasses import dataclass
from functools import cached_property
from html import escape
from importlib.resources import files
from pathlib import PurePosixPath

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Send

from guerdon.api.transport.bodies import send_answer
from guerdon.api.transport.options import TransportOptions

SCRIPTS = ("react-18.3.1.js", "react-dom-18.3.1.js", "graphiql-3.8.3.js", "ide.js")
STYLES = ("graphiql-3.8.3.css", "ide.css")
OTHERS = ("LICENSES.txt",)

# CodeMirror sets style attributes on what it draws; styles from elsewhere stay forbidden.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self';"
    " img-src 'self' data:; font-src 'self' data:; form-action 'none'; base-uri 'none';"
    " frame-ancestors 'none'"
)
_TYPES = {".js": "text/javascript", ".css": "text/css", ".txt": "text/plain"}
_FOREVER = "public, max-age=31536000, immutable"
_SHORTLY = "public, max-age=300"


@dataclass(frozen=True, slots=True)
class _File:
    """One file as it is stored; the large ones are stored compressed."""

    content: bytes
    media_type: str
    is_compressed: bool
    is_versioned: bool


class Page:
    """The page and its files, under `options.ide_path`."""

    def __init__(self, options: TransportOptions) -> None:
        self._path = options.ide_path

    async def send(self, send: Send) -> None:
        """Send the page itself."""
        await send_answer(
            send,
            self._html.encode(),
            status=200,
            media_type=b"text/html; charset=utf-8",
            headers={
                "content-security-policy": POLICY,
                "referrer-policy": "no-referrer",
                "x-frame-options": "DENY",
            },
        )

    async def file(self, request: Request) -> Response:
        """Send one of the page's files."""
        file = self._files.get(request.path_params["file"])
        if file is None:
            return Response("There is no such file.", status_code=404, media_type="text/plain")
        headers = {
            "cache-control": _FOREVER if file.is_versioned else _SHORTLY,
            "x-content-type-options": "nosniff",
        }
        content = file.content
        if file.is_compressed:
            headers["vary"] = "Accept-Encoding"
            if "gzip" in request.headers.get("accept-encoding", ""):
                headers["content-encoding"] = "gzip"
            else:
                content = gzip.decompress(content)
        return Response(content, media_type=file.media_type, headers=headers)

    @cached_property
    def _files(self) -> dict[str, _File]:
        return {name: _read(name) for name in (*SCRIPTS, *STYLES, *OTHERS)}

    @cached_property
    def _html(self) -> str:
        path = escape(self._path)
        styles = "".join(f'<link rel="stylesheet" href="{path}/{name}">\n' for name in STYLES)
        scripts = "".join(f'<script defer src="{path}/{name}"></script>\n' for name in SCRIPTS)
        return (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width">\n'
            "<title>guerdon: GraphiQL</title>\n"
            f'{styles}{scripts}</head>\n<body>\n<div id="graphiql"></div>\n'
            "<noscript>This page needs JavaScript; the schema is published as schema.graphql."
            "</noscript>\n</body>\n</html>\n"
        )


def _read(name: str) -> _File:
    folder = files("guerdon.api.transport") / "ide"
    stored = folder / f"{name}.gz"
    is_compressed = stored.is_file()
    return _File(
        content=(stored if is_compressed else folder / name).read_bytes(),
        media_type=_TYPES[PurePosixPath(name).suffix],
        is_compressed=is_compressed,
        is_versioned=any(character.isdigit() for character in name),
    )
