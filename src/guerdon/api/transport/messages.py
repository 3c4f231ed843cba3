"""The messages of graphql-transport-ws: read strictly, written fast.

The rule: what the protocol does not allow is not guessed at. `read_message` either returns a
message whose members have the right types, or refuses with the code that the socket closes with.

What happens upon a message is in `sockets`.
"""

from dataclasses import dataclass, field
from typing import Any

from guerdon.api.transport.decoding import NotJson, decode_json
from guerdon.api.transport.encoding import encode_json
from guerdon.api.transport.errors import Refused
from guerdon.api.transport.requests import GraphQLRequest, request_from

PROTOCOL = "graphql-transport-ws"

BAD_MESSAGE = 4400
UNAUTHORIZED = 4401
FORBIDDEN = 4403
WRONG_PROTOCOL = 4406
INIT_TIMEOUT = 4408
DUPLICATE_ID = 4409
TOO_MANY_INITS = 4429
TOO_BIG = 1009
INTERNAL = 1011
TRY_AGAIN = 1013

ACK = '{"type":"connection_ack"}'
PONG = '{"type":"pong"}'
ID_CHARACTERS_MAX = 100


class Close(Exception):
    """The socket must be closed, with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a client; members that its type does not have are empty."""

    type: str
    id: str = ""
    payload: dict[str, Any] = field(default_factory=dict)
    request: GraphQLRequest | None = None


def read_message(text: str) -> Message:
    """Return the message in a text frame.

    Raises:
        Close: It is none.
    """
    try:
        members = decode_json(text)
    except NotJson as error:
        raise _bad(str(error)) from None
    if not isinstance(members, dict):
        raise _bad("A message is a JSON object.")
    match members.get("type"):
        case "connection_init" | "ping" | "pong" as kind:
            return Message(kind, payload=_payload(members, optional=True))
        case "complete":
            return Message("complete", id=_id(members))
        case "subscribe":
            return _subscribe(members)
    raise _bad("A client's message is connection_init, ping, pong, subscribe or complete.")


def _subscribe(members: dict[str, Any]) -> Message:
    id_ = _id(members)
    try:
        request = request_from(_payload(members, optional=False))
    except Refused as refused:
        raise _bad(refused.message) from None
    return Message("subscribe", id=id_, request=request)


def _id(members: dict[str, Any]) -> str:
    id_ = members.get("id")
    if not isinstance(id_, str) or not 0 < len(id_) <= ID_CHARACTERS_MAX:
        raise _bad(f"`id` must be a string of 1 to {ID_CHARACTERS_MAX} characters.")
    return id_


def _payload(members: dict[str, Any], *, optional: bool) -> dict[str, Any]:
    payload = members.get("payload")
    if payload is None and optional:
        return {}
    if not isinstance(payload, dict):
        raise _bad("`payload` must be an object.")
    return payload


def _bad(reason: str) -> Close:
    return Close(BAD_MESSAGE, reason)


def next_head(id_: str) -> str:
    """Return the beginning of every `next` message of an operation; a body and `}` follow."""
    return f'{{"id":{_quoted(id_)},"type":"next","payload":'


def error_message(id_: str, errors: list[dict[str, Any]]) -> str:
    """Return the message that ends an operation with errors."""
    return f'{{"id":{_quoted(id_)},"type":"error","payload":{encode_json(errors).decode()}}}'


def complete_message(id_: str) -> str:
    """Return the message that ends an operation."""
    return f'{{"id":{_quoted(id_)},"type":"complete"}}'


def _quoted(id_: str) -> str:
    return encode_json(id_).decode()
