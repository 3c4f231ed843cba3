"""What a client asked for: from a body, a query string or a `subscribe` message to one value.

The rule: what is not a request is refused here, with the name of the member that is wrong; unknown
members are ignored and null means absent, so that clients of a later edition are understood.

The document's text is not looked at: see `documents`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson

from guerdon.api.transport.decoding import NotJson, decode_json
from guerdon.api.transport.errors import Refused

PARAMETERS_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphQLRequest:
    """One request, its members of the right types; equal on every transport."""

    query: str | None = None
    document_id: str | None = None
    operation_name: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    extensions: dict[str, Any] = field(default_factory=dict)

    @property
    def registers(self) -> bool:
        """Whether it may have its document kept under an id."""
        named = self.document_id is not None or self.persisted_digest is not None
        return bool(self.query) and named

    @property
    def persisted_digest(self) -> str | None:
        """The SHA-256 that `extensions.persistedQuery` names, in hex."""
        persisted = self.extensions.get("persistedQuery")
        if not isinstance(persisted, dict):
            return None
        digest = persisted.get("sha256Hash")
        return digest.lower() if isinstance(digest, str) else None


def malformed(message: str) -> Refused:
    """Return the refusal of what is JSON but no request."""
    return Refused(message, code="BAD_REQUEST", status=422)


def request_from(members: Any) -> GraphQLRequest:
    """Return the request in a decoded body.

    Raises:
        Refused: It is no object, a member has the wrong type, or no document is named.
    """
    if isinstance(members, list):
        raise malformed("Batches are not served: send one request object at a time.")
    if not isinstance(members, Mapping):
        raise malformed("A request is a JSON object with a `query`.")
    request = GraphQLRequest(
        query=_string(members, "query"),
        document_id=_string(members, "documentId"),
        operation_name=_string(members, "operationName"),
        variables=_object(members, "variables"),
        extensions=_object(members, "extensions"),
    )
    if not request.query and not request.document_id and request.persisted_digest is None:
        raise malformed("The request names no document: send `query` or `documentId`.")
    return request


def request_from_body(body: bytes) -> GraphQLRequest:
    """Return the request in the bytes of a POST.

    Raises:
        Refused: The bytes are no JSON, or no request.
    """
    try:
        members = decode_json(body)
    except NotJson as error:
        raise Refused(str(error), code="BAD_REQUEST") from None
    return request_from(members)


def sketch_from_body(body: bytes) -> GraphQLRequest:
    """Return the request in the bytes of a POST, quickly: its variables may have lost digits.

    What it asks for can be checked with it; then `request_from_body` reads what it is given.

    Raises:
        Refused: As `request_from_body`.
    """
    try:
        members = orjson.loads(body)
    except orjson.JSONDecodeError:
        return request_from_body(body)  # which says what is wrong
    return request_from(members)


def request_from_query_string(query_string: bytes) -> GraphQLRequest:
    """Return the request in the query string of a GET; an empty parameter is an absent one.

    Raises:
        Refused: `variables` or `extensions` are no JSON objects, or no document is named.
    """
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"), errors="strict", max_num_fields=PARAMETERS_MAX
        )
    except ValueError:
        raise Refused("The query string cannot be read.", code="BAD_REQUEST") from None
    members: dict[str, Any] = dict(pairs)
    for name in ("variables", "extensions"):
        if name in members:
            try:
                members[name] = decode_json(members[name])
            except NotJson as error:
                raise Refused(f"{name}: {error}", code="BAD_REQUEST") from None
    return request_from(members)


def _string(members: Mapping[str, Any], name: str) -> str | None:
    value = members.get(name)
    if value is not None and not isinstance(value, str):
        raise malformed(f"`{name}` must be a string.")
    return value


def _object(members: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = members.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise malformed(f"`{name}` must be an object.")
    return value
