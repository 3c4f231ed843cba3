"""Members come and change: the activities `enrollment` and `member_updated`, and their profiles.

Rule: the profile (name, picture) is kept apart from what is decided; attributes that conditions
may ask for travel in the activity.
"""

from guerdon.engine.inputs import EnrollmentInput, ProfileInput, Wait
from guerdon.engine.outcomes import Receipt
from guerdon.engine.world import Caller, World


async def enroll(
    world: World, caller: Caller, person: EnrollmentInput, *, wait: Wait = Wait.DECIDED
) -> Receipt:
    """Enroll a member; `Receipt.member` is the id, also of one who was there before."""
    raise NotImplementedError


async def update(
    world: World, caller: Caller, change: ProfileInput, *, wait: Wait = Wait.DECIDED
) -> Receipt:
    """Change a member's profile and attributes."""
    raise NotImplementedError
