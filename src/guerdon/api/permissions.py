"""Who may ask what: one table over every field of the schema.

The rule: what the table does not name is refused to everybody (a schema with such a field does not
even start). A role is not enough for a key: it also needs one of the scopes that stand beside the
field. A member's token has no scopes; it reaches the member's own things and no others, which the
resolvers see to, because it depends on whose they are.

Which types of activity a credential may report is decided in `engine.accept`.
"""

from dataclasses import dataclass

ROLES = ("member", "partner", "service", "admin")


@dataclass(frozen=True, slots=True)
class Right:
    """Who may read a field: `roles`, and of keys only those with one of `scopes` (none: any)."""

    roles: tuple[str, ...]
    scopes: tuple[str, ...] = ()

    def permits(self, role: str, scopes: frozenset[str]) -> bool:
        """Tell whether a credential may read the field."""
        if role not in self.roles:
            return False
        return role == "member" or not self.scopes or not scopes.isdisjoint(self.scopes)

    @property
    def is_limited(self) -> bool:
        """Whether there is anybody who may not."""
        return bool(self.scopes) or len(self.roles) < len(ROLES)

    def refusal(self, coordinate: str) -> str:
        """Return what those are told who may not."""
        who = ", ".join(self.roles)
        with_scope = f"; a key needs the scope {' or '.join(self.scopes)}" if self.scopes else ""
        return f"This credential may not read {coordinate}. It is for: {who}{with_scope}."


def everybody(*scopes: str) -> Right:
    """Return the right of all roles; keys need one of the scopes."""
    return Right(ROLES, scopes)


def owner(*scopes: str) -> Right:
    """Return the right of the program's owner: service and admin keys with one of the scopes."""
    return Right(("service", "admin"), scopes)


def members_and_owner(*scopes: str) -> Right:
    """Return the right of members for their own things, and of the owner's keys."""
    return Right(("member", "service", "admin"), scopes)


_PUBLIC = everybody()
_STANDING = members_and_owner("members:read")
_PUBLISH = owner("program:publish")
_KEYS = Right(("admin",), ("keys:manage",))
_WEBHOOKS = Right(("partner", "service", "admin"), ("webhooks:manage",))
_PARTNER = Right(("partner",), ("activities:write",))
_SETTLED = Right(("partner", "service", "admin"), ("activities:write", "members:read"))
_TILL = Right(("partner", "service", "admin"), ("activities:write",))
_DECIDED = everybody("activities:write", "members:read")

TYPES: dict[str, Right] = {
    # The public side of the program.
    "Badge": _PUBLIC,
    "Ladder": _PUBLIC,
    "Leaderboard": _PUBLIC,
    "Mission": _PUBLIC,
    "PageInfo": _PUBLIC,
    "Partner": _PUBLIC,
    "Program": _PUBLIC,
    "Reward": _PUBLIC,
    "RewardConnection": _PUBLIC,
    "RewardEdge": _PUBLIC,
    "RewardPrice": _PUBLIC,
    "RewardText": _PUBLIC,
    "Tier": _PUBLIC,
    "Viewer": _PUBLIC,
    "WalletKind": _PUBLIC,
    # Leaderboards show other members' public profiles, and nothing else of them.
    "LeaderboardEntry": _STANDING,
    "LeaderboardEntryConnection": _STANDING,
    "LeaderboardEntryEdge": _STANDING,
    "LeaderboardPeriod": _STANDING,
    "LeaderboardUpdate": _STANDING,
    "Profile": _STANDING,
    # A member and all that is decided about one.
    "BadgeAward": _STANDING,
    "CounterReading": _STANDING,
    "JournalConnection": _STANDING,
    "JournalEdge": _STANDING,
    "Lot": _STANDING,
    "Member": _STANDING,
    "MemberConnection": owner("members:read"),
    "MemberEdge": owner("members:read"),
    "MemberTier": _STANDING,
    "MemberUpdate": _STANDING,
    "MissionProgress": _STANDING,
    "RedemptionConnection": _STANDING,
    "RedemptionEdge": _STANDING,
    "RewardOffer": _STANDING,
    "RewardOfferConnection": _STANDING,
    "RewardOfferEdge": _STANDING,
    "Wallet": _STANDING,
    # An activity, for whom it concerns and for who reported it.
    "Activity": _DECIDED,
    "ActivityPreview": _PUBLIC,
    "BadgeEffect": _DECIDED,
    "DrawEffect": _DECIDED,
    "MissionEffect": _DECIDED,
    "PointsEffect": _DECIDED,
    "Redemption": _DECIDED,
    "RedemptionUpdate": _PARTNER,
    "RedemptionEffect": _DECIDED,
    "RuleExplanation": _DECIDED,
    "TierEffect": _DECIDED,
    "Voucher": _DECIDED,
    "VoucherEffect": _DECIDED,
    "ApiKey": _KEYS,
    "WebhookAttempt": _WEBHOOKS,
    "WebhookDelivery": _WEBHOOKS,
    "WebhookDeliveryConnection": _WEBHOOKS,
    "WebhookDeliveryEdge": _WEBHOOKS,
    "WebhookEndpoint": _WEBHOOKS,
    "WebhookSource": _WEBHOOKS,
    # What mutations answer: who may call one may read its answer.
    "ActivityPayload": _PUBLIC,
    "CreateApiKeyPayload": _PUBLIC,
    "DocumentProblem": _PUBLIC,
    "ProgramChange": _PUBLISH,
    "ProgramPlan": _PUBLISH,
    "PublishProgramPayload": _PUBLISH,
    "RevokeApiKeyPayload": _PUBLIC,
    "InsufficientPoints": _PUBLIC,
    "InvalidInput": _PUBLIC,
    "MemberPayload": _PUBLIC,
    "NotFound": _PUBLIC,
    "Receipt": _PUBLIC,
    "RecordActivitiesPayload": _PUBLIC,
    "RedemptionPayload": _PUBLIC,
    "Refused": _PUBLIC,
    "Membership": _PARTNER,
    "OfferRewardPayload": _PUBLIC,
    "StockRewardPayload": _PUBLIC,
    "Allowance": _SETTLED,
    "Statement": _SETTLED,
    "StatementConnection": _SETTLED,
    "StatementEdge": _SETTLED,
    "StatementLine": _SETTLED,
    "StatementPayload": _PUBLIC,
    "VoucherPayload": _PUBLIC,
    "ReplayWebhooksPayload": _PUBLIC,
    "WebhookEndpointPayload": _PUBLIC,
    "WebhookSourcePayload": _PUBLIC,
}
"""What each type grants on all of its fields; `FIELDS` comes before it."""

FIELDS: dict[str, Right] = {
    "Profile.externalId": owner("members:read"),
    "Partner.allowances": _SETTLED,
    "Program.document": _PUBLISH,
    "Program.waiting": owner("activities:write", "members:read"),
    "Redemption.member": _STANDING,
    "Query.activity": _DECIDED,
    "Query.leaderboard": _PUBLIC,
    "Query.me": _PUBLIC,
    "Query.member": _STANDING,
    "Query.members": owner("members:read"),
    "Query.node": _PUBLIC,
    "Query.nodes": _PUBLIC,
    "Query.planProgram": _PUBLISH,
    "Query.previewActivity": everybody("activities:write"),
    "Query.program": _PUBLIC,
    "Query.reward": _PUBLIC,
    "Query.rewards": _PUBLIC,
    "Query.membership": _PARTNER,
    "Query.statements": _SETTLED,
    "Query.viewer": _PUBLIC,
    "Mutation.adjustPoints": owner("ledger:adjust"),
    "Mutation.awardBadge": owner("ledger:adjust"),
    "Mutation.createApiKey": _KEYS,
    "Mutation.enrollMember": owner("members:write"),
    "Mutation.eraseMember": owner("members:write"),
    "Mutation.grantTier": owner("ledger:adjust"),
    "Mutation.joinMission": members_and_owner("activities:write"),
    "Mutation.cancelRedemption": members_and_owner("activities:write"),
    "Mutation.redeemReward": members_and_owner("activities:write"),
    "Mutation.fulfilRedemption": _TILL,
    "Mutation.refuseRedemption": _TILL,
    "Mutation.linkIdentity": owner("members:write"),
    "Mutation.mergeMembers": owner("members:write"),
    "Mutation.publishProgram": _PUBLISH,
    "Mutation.recordActivities": everybody("activities:write"),
    "Mutation.revokeApiKey": _KEYS,
    "Mutation.updateMember": owner("members:write"),
    "Mutation.disputeStatement": _PARTNER,
    "Mutation.offerReward": _PARTNER,
    "Mutation.stockReward": _PARTNER,
    "Mutation.useVoucher": _TILL,
    "Query.webhookEndpoints": _WEBHOOKS,
    "Query.webhookSources": _WEBHOOKS,
    "Mutation.createWebhookEndpoint": _WEBHOOKS,
    "Mutation.createWebhookSource": owner("webhooks:manage"),
    "Mutation.deleteWebhookEndpoint": _WEBHOOKS,
    "Mutation.deleteWebhookSource": owner("webhooks:manage"),
    "Mutation.replayWebhooks": _WEBHOOKS,
    "Mutation.rotateWebhookSecret": _WEBHOOKS,
    "Mutation.rotateWebhookSource": _WEBHOOKS,
    "Mutation.updateWebhookEndpoint": _WEBHOOKS,
    "Subscription.leaderboardUpdates": _STANDING,
    "Subscription.memberUpdates": _STANDING,
    "Subscription.redemptionUpdates": _PARTNER,
}
"""Single fields; the root fields have no other."""


def right_to(coordinate: str) -> Right:
    """Return who may read a field (`Type.field`).

    Raises:
        LookupError: The table does not name it.
    """
    type_, _, field = coordinate.partition(".")
    if type_.startswith("_") or field.startswith("_"):
        return _PUBLIC  # a router's machinery (`federation`), which asks for what it leads to
    right = FIELDS.get(coordinate) or TYPES.get(type_)
    if right is None:
        raise LookupError(f"{coordinate} has no place in the table of permissions: give it one.")
    return right


def right_of_type(name: str) -> Right:
    """Return who may read the fields of a type that are not named one by one.

    Root types have no such fields: nobody is anywhere before the first one.
    """
    return TYPES.get(name, _PUBLIC)
