"""One question to a service over its public GraphQL API, for commands that ask and go.

Rule: whatever keeps the service from answering ends the command with a sentence; the key is sent to
the address that was named and appears in no message.
"""

from typing import Any

from guerdon.cli.stops import stop

_PATIENCE_SECONDS = 60.0


def ask(url: str | None, key: str | None, query: str, **variables: object) -> dict[str, Any]:
    """Return the data of an answer; anything else ends the command."""
    import httpx2

    if not url or not url.startswith(("http://", "https://")) or not key:
        stop(
            "Say where to with --url http://.../graphql and --key, or the environment's "
            "GUERDON_URL and GUERDON_KEY; a demo prints both.",
            code=2,
        )
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
    if errors := said.get("errors"):
        stop("\n".join(str(error.get("message")) for error in errors))
    data: dict[str, Any] = said["data"]
    return data
