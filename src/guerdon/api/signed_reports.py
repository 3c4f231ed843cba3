"""Signed reports: partners that sign their requests instead of sending a key.

The rule: once the signature is good, the request is the mutation `recordActivities` under a
partner's rights, with the same limits, the same receipts and the same refusals. What may succeed
later is answered by 503 and when to come back.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from guerdon.api.auth import Gate
from guerdon.api.transport import Refused, Transport
from guerdon.api.transport.encoding import encode_json
from guerdon.api.transport.hooks import Connection
from guerdon.api.transport.requests import GraphQLRequest
from guerdon.engine import refusals
from guerdon.engine.webhooks import inbound
from guerdon.engine.world import StoreDown, World

PATH = "/webhooks/{address}"
BYTES_MAX = 1_000_000

_DOCUMENT = """mutation SignedReport($input: RecordActivitiesInput!) {
  recordActivities(input: $input) {
    receipts { activityId result reason }
    problems { code message path }
  }
}"""


class SignedReports:
    """The endpoint to which partners' systems post."""

    def __init__(self, world: World, gate: Gate, transport: Transport) -> None:
        self._world = world
        self._gate = gate
        self._parts = transport.parts

    async def __call__(self, request: Request) -> Response:
        """Take a signed report in; 2xx says that all of it is durably accepted or was refused."""
        try:
            body = await _body(request)
            signed = await inbound.accept(
                self._world, request.path_params["address"], request.headers, body
            )
            return await self._report(request, signed)
        except refusals.Unauthenticated:
            return _answer(401, {"error": "No such source, or the signature is not good."})
        except refusals.InvalidInput as error:
            return _answer(422, {"error": str(error)})
        except Refused as error:
            return _answer(error.status, {"error": str(error)})
        except (StoreDown, refusals.Unavailable):
            return _answer(503, {"error": "Come back in a second."}, {"retry-after": "1"})
        except ClientDisconnect:
            return Response(status_code=400)

    async def _report(self, request: Request, signed: inbound.Signed) -> Response:
        bearer = self._gate.bearer(signed.caller)
        asked = GraphQLRequest(
            query=_DOCUMENT, variables={"input": {"activities": signed.activities}}
        )
        operation = await self._parts.operations.prepare(asked, bearer)
        answer = await self._parts.execution.run(operation, bearer, Connection(request.scope))
        status, headers = _status(answer.errors)
        return Response(
            answer.body(), status_code=status, headers=headers, media_type="application/json"
        )


def _status(errors: Sequence[Mapping[str, Any]] | None) -> tuple[int, dict[str, str]]:
    """Return the status and headers by which the partner's system sees whether to send it again.

    Many of them send again after 5xx alone, and give up what is answered by 4xx.
    """
    if not errors:
        return 200, {}
    told = errors[0]["extensions"]
    if (seconds := told.get("retryAfter")) is not None:
        return 503, {"retry-after": str(math.ceil(seconds))}
    return (500 if told["code"] == "INTERNAL_SERVER_ERROR" else 422), {}


async def _body(request: Request) -> bytes:
    """Return the body as it came.

    Raises:
        Refused: It is too large.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BYTES_MAX:
            raise Refused(f"The body is over {BYTES_MAX} bytes.", code="BAD_REQUEST", status=413)
    return body


def _answer(status: int, content: object, headers: dict[str, str] | None = None) -> Response:
    return Response(
        encode_json(content), status_code=status, headers=headers, media_type="application/json"
    )
