"""Roles: the kinds of credentials.

What each may read is in `permissions`.
"""

from enum import Enum

from guerdon.api.describe import kind, kinds


@kinds
class Role(Enum):
    """The kinds of credentials."""

    MEMBER = kind("member", "A member's own token: the member's things, and the public side.")
    PARTNER = kind("partner", "Another brand's key: reports activities, honours its rewards.")
    SERVICE = kind("service", "A key of the owner's shops and back ends.")
    ADMIN = kind("admin", "A key of the owner's people: also publishes programs and makes keys.")
