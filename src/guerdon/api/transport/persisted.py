"""Which text an id stands for: trusted documents from manifests, and those that clients register.

The rule: an id that looks like a hash is the hash of its text, checked when it is registered and
whoever sends it; so nobody can put another document under an id that others use.

Three manifests are understood: graphql-codegen's (`{"sha256:<hex>": document}`), Relay's
(`{"<hex>": document}`) and Apollo's (`{"format": "apollo-persisted-query-manifest", ...}`).
"""

import json
import re
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from guerdon.api.transport.documents import digest_of
from guerdon.api.transport.errors import Refused
from guerdon.api.transport.hooks import Credential, DocumentStore
from guerdon.api.transport.requests import GraphQLRequest

_SHA256 = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
_PREFIX = "sha256:"


class ManifestUnusable(ValueError):
    """A file that is to hold trusted documents does not; the message names it and what is wrong."""


class TrustedDocuments:
    """The documents that an operator has registered; they are held as long as the process runs."""

    def __init__(self, documents: Mapping[str, str] | None = None) -> None:
        self._by_id: dict[str, str] = {}
        for id_, text in (documents or {}).items():
            self._register(id_, text)

    def __len__(self) -> int:
        return len(set(self._by_id.values()))

    @classmethod
    def load(cls, paths: Iterable[Path]) -> "TrustedDocuments":
        """Return the documents of all manifests.

        Raises:
            ManifestUnusable: A file cannot be read, is no manifest, or holds a text that is not
                what its hash says.
        """
        trusted = cls()
        for path in paths:
            try:
                for id_, text in _manifest(json.loads(path.read_text("utf-8"))).items():
                    trusted._register(id_, text)
            except OSError as error:
                msg = f"The manifest of trusted documents {path} cannot be read: {error.strerror}."
                raise ManifestUnusable(msg) from error
            except (ValueError, TypeError, KeyError) as error:
                msg = (
                    f"{path} is no manifest of trusted documents: {error}. Have graphql-codegen,"
                    " Relay or Apollo write it."
                )
                raise ManifestUnusable(msg) from error
        return trusted

    def get(self, id_: str) -> str | None:
        """Return the text under an id, with or without the prefix `sha256:`."""
        return self._by_id.get(id_.removeprefix(_PREFIX))

    def holds(self, text: str) -> bool:
        """Tell whether a text has been registered, whatever its id."""
        return self._by_id.get(digest_of(text)) == text

    def _register(self, id_: str, text: str) -> None:
        digest = digest_of(text)
        match = _SHA256.fullmatch(id_)
        if match is not None and match[1] != digest:
            msg = f"The document under {id_} has the hash {digest}: write the manifest anew."
            raise ValueError(msg)
        self._by_id[id_.removeprefix(_PREFIX)] = text
        self._by_id[digest] = text


def _manifest(content: Any) -> dict[str, str]:
    if not isinstance(content, dict):
        msg = "it is no JSON object"
        raise TypeError(msg)
    if content.get("format") == "apollo-persisted-query-manifest":
        return {it["id"]: it["body"] for it in content["operations"]}
    if not all(isinstance(text, str) for text in content.values()):
        msg = "it must map ids to documents"
        raise TypeError(msg)
    return content


class RegisteredDocuments:
    """A `DocumentStore` in the memory of one process: the last ones that clients registered."""

    def __init__(self, count_max: int = 1_000) -> None:
        self._count_max = count_max
        self._texts: OrderedDict[str, str] = OrderedDict()

    async def get(self, digest: str) -> str | None:
        """Return the document under its digest."""
        return self._texts.get(digest)

    async def put(self, digest: str, document: str) -> None:
        """Keep a document, and forget the oldest where there are too many."""
        self._texts[digest] = document
        self._texts.move_to_end(digest)
        if len(self._texts) > self._count_max:
            self._texts.popitem(last=False)


class Resolver:
    """Finds the text of the document that a request means, as its credential permits."""

    def __init__(
        self, trusted: TrustedDocuments, registered: DocumentStore, *, bytes_max: int
    ) -> None:
        self._trusted = trusted
        self._registered = registered
        self._bytes_max = bytes_max

    async def text_of(self, request: GraphQLRequest, credential: Credential) -> str:
        """Return the document's text.

        Raises:
            Refused: The id is unknown, the text is not what its hash says, or the credential may
                use registered documents only.
        """
        digest = _digest_named(request)
        if request.query:
            return self._free(request.query, digest, credential)
        found = self._trusted.get(request.document_id or digest or "")
        if found is None and digest is not None and credential.document_mode == "open":
            found = await self._registered.get(digest)
        if found is None:
            raise _not_found()
        return found

    async def register(self, request: GraphQLRequest, credential: Credential) -> None:
        """Keep a document that has proved valid, where its sender named its hash and may."""
        digest = _digest_named(request)
        if not request.query or digest is None or credential.document_mode != "open":
            return
        if len(request.query.encode()) <= self._bytes_max:
            await self._registered.put(digest, request.query)

    def _free(self, text: str, digest: str | None, credential: Credential) -> str:
        if digest is not None and digest_of(text) != digest:
            raise Refused(
                "The document does not have the hash that was sent with it.",
                code="BAD_USER_INPUT",
                is_graphql=True,
            )
        if credential.document_mode == "trusted" and not self._trusted.holds(text):
            raise Refused(
                "This credential may use trusted documents only: send the id of one in"
                " `documentId`, or have the operator add this document to a manifest.",
                code="PERSISTED_QUERY_ONLY",
                status=403,
            )
        return text


def _digest_named(request: GraphQLRequest) -> str | None:
    if request.document_id is not None:
        match = _SHA256.fullmatch(request.document_id)
        return match[1] if match else None
    return request.persisted_digest


def _not_found() -> Refused:
    # Apollo's clients look for this very message and code, and then send the whole document.
    return Refused(
        "PersistedQueryNotFound",
        code="PERSISTED_QUERY_NOT_FOUND",
        status=400,
        is_graphql=True,
        headers={"cache-control": "private, no-cache, must-revalidate"},
    )
