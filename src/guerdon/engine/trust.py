"""Whose tokens are believed, by which keys, and until when: one part of the World.

Rule: what it is made of keeps up with the stores and the issuers by itself (`issuers`, `key_sets`,
`revocations`); nothing here decides.
"""

from dataclasses import dataclass

from guerdon.engine.issuers import IssuerRegistry
from guerdon.engine.key_sets import KeySets
from guerdon.engine.revocations import RevocationList


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """The issuers, their keys, and who was signed out."""

    issuers: IssuerRegistry
    key_sets: KeySets
    revoked: RevocationList
