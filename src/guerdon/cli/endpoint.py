"""One question to a service over its public GraphQL API, for commands that ask and go.

Rule: whatever keeps the service from answering ends the command with a sentence; the key is sent to
the address that was named and appears in no message.
"""

from typing import Any
from urllib.parse import urlsplit

from guerdon.cli.stops import stop

_PATIENCE_SECONDS = 60.0


def ask(url: str | None, key: str | None, query: str, **variables: object) -> dict[str, Any]:
    """Return the data of an answer; anything else ends the command."""
    import httpx2

    url, key = address_and_key(url, key)
    try:
        answer = httpx2.post(
            url,
            json={"query": query, "variables": variables},
            headers={"authorization": f"Bearer {key}"},
            timeout=_PATIENCE_SECONDS,
        )
        said = answer.json()
    except httpx2.HTTPError as error:
        stop(f"{url} does not answer: {error}")
    except ValueError:
        stop(f"{url} answers with something that is no GraphQL; is the address right?")
    if not isinstance(said, dict):
        stop(f"{url} answers with something that is no GraphQL; is the address right?")
    if errors := said.get("errors"):
        stop("\n".join(str(error.get("message")) for error in errors))
    data: dict[str, Any] | None = said.get("data")
    if data is None:
        stop(f"{url} answers with something that is no GraphQL; is the address right?")
    return data


def address_and_key(url: str | None, key: str | None) -> tuple[str, str]:
    """Return what a command was told, or end it where that is no address or no key.

    Neither is shown: an address may hold a password.
    """
    if not url or not url.startswith(("http://", "https://")) or not key:
        stop(
            "Say where to with --url http://.../graphql and --key, or the environment's "
            "GUERDON_URL and GUERDON_KEY; a demo prints both.",
            code=2,
        )
    if not _is_address(url):
        stop("--url is no address: write it like https://loyalty.example.com/graphql.", code=2)
    if not (key.isascii() and key.isprintable()) or " " in key:
        stop("--key holds signs that no key has: copy the whole key, and nothing else.", code=2)
    return url, key


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and parts.port != 0  # a port beyond all ports raises
    except ValueError:
        return False
    return has_host and url.isprintable() and " " not in url
