"""Prints: a document of truth carries the digest of what it says, as its field `z`.

A byte that somebody changes behind guerdon's back no longer fits the print, in whatever collection
it is; `guerdon verify` then names the document. Rule: whoever changes a printed document writes the
print of the whole of it. The digest is of all other fields in the order of their names, so that it
does not matter in which order a server keeps them. A print is no signature: who knows of it can
print anew, and is found by the chain of the journal's prints (`seals`) and by comparing everything
else with the journal.
"""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import bson
from bson.raw_bson import RawBSONDocument

from guerdon.stores.client import Document

Whole = RawBSONDocument
"""A document as it is stored, encoded for good; its fields can be read, but not changed."""

PRINT = "z"
PRINT_BYTES = 16

PRINTED = (
    "journal",
    "seals",
    "roots",
    "standings",
    "pages",
    "scores",
    "receipts",
    "inbox",
    "aside",
    "member_keys",
    "vouchers",
    "programs",
    "keys",
    "issuers",
)
"""The collections whose documents carry prints: those named `program|...`, as all but heads are."""


def printed(document: Document) -> Whole:
    """Return a document with its print, to be stored as a whole.

    It is encoded here, once: the driver sends these bytes, to which the print is only appended.
    """
    raw = _encoded(document)
    fields = raw[4:-1] + _PRINT_HEAD + _digest(raw) + b"\x00"
    return Whole((len(fields) + 4).to_bytes(4, "little") + fields)


def is_intact(document: Mapping[str, Any]) -> bool:
    """Tell whether a stored document, read with what is nested as it lies there, fits its print."""
    bare = dict(document)
    found = bare.pop(PRINT, None)
    return found is not None and bytes(found) == bytes(_print_of(bare))


# The field of a print as BSON has it, up to its bytes: binary (5), name, length, subtype 0. By its
# name it comes last, behind all other fields in their order.
_PRINT_HEAD = b"\x05" + PRINT.encode() + b"\x00" + PRINT_BYTES.to_bytes(4, "little") + b"\x00"


def _print_of(document: Document) -> bytes:
    return _digest(_encoded(document))


def _encoded(document: Document) -> bytes:
    return bson.encode(dict(sorted(document.items())))


def _digest(raw: bytes) -> bytes:
    return blake2b(raw, digest_size=PRINT_BYTES).digest()
