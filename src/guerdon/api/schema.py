"""The schema put together: one class of root fields a noun, and the file that publishes it.

The rule: the SDL is generated, sorted and committed (`schema.graphql`), so that every change of the
API is seen in review; it only ever grows.
"""

from functools import lru_cache

from graphql import build_schema, lexicographic_sort_schema, print_schema

from guerdon.api.activities import ActivityQueries
from guerdon.api.changes import ChangeMutations
from guerdon.api.describe import noun
from guerdon.api.effects import EFFECTS
from guerdon.api.enrollments import EnrollmentMutations
from guerdon.api.erasing import ErasureMutations
from guerdon.api.fields import finish
from guerdon.api.fulfilling import FulfilmentMutations
from guerdon.api.identities import IdentityMutations
from guerdon.api.keys import KeyMutations
from guerdon.api.leaderboard_updates import LeaderboardSubscriptions
from guerdon.api.leaderboards import LeaderboardQueries
from guerdon.api.lookup import NodeQueries
from guerdon.api.member_updates import MemberSubscriptions
from guerdon.api.members import MemberQueries
from guerdon.api.partner_desk import PartnerMutations, PartnerQueries
from guerdon.api.previews import PreviewQueries
from guerdon.api.problems import PROBLEMS
from guerdon.api.programs import ProgramQueries
from guerdon.api.publishing import DocumentProblem, PublishingMutations, PublishingQueries
from guerdon.api.receipts import ReceiptMutations
from guerdon.api.redeeming import RedemptionMutations
from guerdon.api.redemption_updates import RedemptionSubscriptions
from guerdon.api.rewards import RewardQueries
from guerdon.api.statements import StatementMutations, StatementQueries
from guerdon.api.transport import TransportSchema
from guerdon.api.viewer import ViewerQueries
from guerdon.api.voucher_use import VoucherMutations
from guerdon.api.webhooks import WebhookMutations, WebhookQueries


@noun
class Query(
    ActivityQueries,
    LeaderboardQueries,
    MemberQueries,
    NodeQueries,
    PartnerQueries,
    PreviewQueries,
    ProgramQueries,
    PublishingQueries,
    RewardQueries,
    StatementQueries,
    ViewerQueries,
    WebhookQueries,
):
    """What can be read; all of it belongs to the credential's program."""


@noun
class Mutation(
    ChangeMutations,
    EnrollmentMutations,
    ErasureMutations,
    IdentityMutations,
    KeyMutations,
    PartnerMutations,
    PublishingMutations,
    ReceiptMutations,
    RedemptionMutations,
    FulfilmentMutations,
    StatementMutations,
    VoucherMutations,
    WebhookMutations,
):
    """What can be changed: each change is an activity, and a repeat under its id does nothing."""


@noun
class Subscription(LeaderboardSubscriptions, MemberSubscriptions, RedemptionSubscriptions):
    """What can be followed live."""


def more_types() -> list[type]:
    """Return the types that only interfaces lead to."""
    return [*EFFECTS, *PROBLEMS, DocumentProblem]


@lru_cache(maxsize=1)
def schema() -> TransportSchema:
    """Return the schema, with the guards on every field."""
    made = TransportSchema(Query, Mutation, Subscription, types=more_types())
    finish(made)
    return made


def sdl() -> str:
    """Return the schema as the file `schema.graphql` holds it: sorted.

    It is sorted as a text that was read again, because sorting the schema itself copies its enums
    into ones that no longer know their own members.
    """
    return print_schema(lexicographic_sort_schema(build_schema(schema().as_str()))) + "\n"
