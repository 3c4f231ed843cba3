"""Fetching the public keys of token issuers (JWKS, RFC 7517).

Rule: addresses come from the operator; an answer is read to a limit, within a deadline, and from
the very address that was given: redirects are refused. What keys are good for is `engine.key_sets`.
"""

import json
from typing import Any

import httpx2

from guerdon.engine.refusals import IssuerDown

SECONDS_MAX = 5.0
BYTES_MAX = 256_000


async def fetch(url: str) -> list[dict[str, Any]]:
    """Return the keys that an issuer publishes, as they are.

    Raises:
        IssuerDown: It did not answer in time, or not with a set of keys.
    """
    try:
        async with (
            httpx2.AsyncClient(timeout=SECONDS_MAX, follow_redirects=False) as client,
            client.stream("GET", url, headers={"accept": "application/json"}) as answer,
        ):
            if answer.status_code != httpx2.codes.OK:
                raise IssuerDown(f"answered {answer.status_code}")
            body = b""
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > BYTES_MAX:
                    raise IssuerDown(f"answered more than {BYTES_MAX} bytes")
            keys = json.loads(body)["keys"]
    except httpx2.HTTPError as error:
        raise IssuerDown(type(error).__name__) from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise IssuerDown("answered no set of keys") from error
    if not isinstance(keys, list):
        raise IssuerDown("answered no set of keys")
    return [key for key in keys if isinstance(key, dict)]
