"""The sections `rules` and `accept`: what activities earn, and which are refused."""

from dataclasses import replace

from guerdon.core.program import (
    AcceptRule,
    Give,
    GiveByTier,
    Limit,
    Per,
    Rule,
)
from guerdon.program.conditions import LINES, WHEN
from guerdon.program.draft import Spot
from guerdon.program.gives import BY_TIER, GIVE, multiplied
from guerdon.program.grants import PENDING_KEY, PER
from guerdon.program.numbers import (
    POINTS,
    Whole,
)
from guerdon.program.presentation import readable
from guerdon.program.records import Fields, Key, Record
from guerdon.program.scalars import ID, LINE, PROSE, WALLET, WORD
from guerdon.program.shapes import Choice, ListOf, Shape, UniqueListOf
from guerdon.program.wallets import EXPIRY_KEY, activities, with_units
from guerdon.program.yaml_source import Sequence


def _limit(fields: Fields) -> Limit:
    times, points = fields.given("times"), fields.given("points")
    if times and points:
        raise fields.at("points").wrong(
            "A limit counts `times` or `points`, not both.", "Keep one of them."
        )
    if not times and not points:
        raise fields.spot.wrong(
            "`times` or `points` is missing in a limit.", "Add one, for example `times: 1`."
        )
    if fields["by"] == "subject" and not fields.given("subject"):
        raise fields.spot.wrong(
            "The limit counts by subject, but no `subject` is named.",
            "Add the field that names it, for example `subject: quiz`.",
        )
    return Limit(**fields.without())


LIMIT = Record(
    what="a limit",
    keys=(
        Key(name="times", shape=Whole(), about="How often the rule may apply.", example="1"),
        Key(name="points", shape=POINTS, about="How many units it may give.", example="500"),
        Key(
            name="per",
            shape=PER,
            about="In which window; default: ever.",
            example="week",
            default=Per.LIFETIME,
        ),
        Key(
            name="by",
            shape=Choice({word: word for word in ("member", "beneficiary", "subject", "anyone")}),
            about="Counted by acting member, recipient, member and subject, or all together.",
            example="member",
            default="member",
        ),
        Key(
            name="subject",
            shape=WORD,
            about="The field of the activity that names the subject.",
            example="quiz",
        ),
    ),
    build=_limit,
)


def _rule(fields: Fields) -> Rule:
    if fields.given("give") == fields.given("by_tier"):
        spot = fields.at("by_tier") if fields.given("give") else fields.spot
        raise spot.wrong(
            "A rule has both `give` and `by_tier`."
            if fields.given("give")
            else "`give` is missing in a rule.",
            "Keep one of them."
            if fields.given("give")
            else "Add it, for example `give: {rate: 1}`, or `by_tier`.",
        )
    give: Give | GiveByTier = fields["give"] or fields["by_tier"]
    name = fields["name"] or readable(fields["id"])
    return Rule(
        **fields.without("give", "by_tier", "to", "name"),
        give=give,
        to_referrer=fields["to"],
        name=name,
    )


_RULE = Record(
    what="a rule",
    keys=(
        Key(
            name="id",
            shape=ID,
            about="Names the rule in lots, explanations and `of`.",
            example="base",
            required=True,
        ),
        Key(name="name", shape=LINE, about="What members read; default: the id.", example="Base"),
        Key(
            name="description",
            shape=PROSE,
            about="A sentence for members.",
            example="One point for every dollar.",
        ),
        activities("The types of activity that earn."),
        WHEN,
        LINES,
        Key(
            name="wallet",
            shape=WALLET,
            about="Where the units go.",
            example="points",
            required=True,
        ),
        Key(name="give", shape=GIVE, about="How many units.", example="{rate: 1}"),
        Key(
            name="by_tier",
            shape=BY_TIER,
            about="How many units, by the tier held when it happened.",
            example="{ladder: status, tiers: {gold: {rate: 1.2}}}",
        ),
        Key(
            name="to",
            shape=Choice({"referrer": True}),
            about="Who gets them: the member who referred the acting one.",
            example="referrer",
            default=False,
        ),
        Key(
            name="limit",
            shape=LIMIT,
            about="How often, or how much, the rule may give.",
            example="{times: 1, per: week}",
        ),
        PENDING_KEY,
        EXPIRY_KEY,
        Key(
            name="best_of",
            shape=WORD,
            about="Of all rules with the same word here only the best pays.",
            example="double",
        ),
    ),
    build=_rule,
    scope=with_units,
)


class _Rules(UniqueListOf[Rule]):
    """The rules in the order in which they are decided; none multiplies itself."""

    def read(self, spot: Spot) -> tuple[Rule, ...]:
        """Return the rules."""
        rules = super().read(spot)
        by_id = {rule.id: rule for rule in rules}
        for i, rule in enumerate(rules):
            if _multiplies_itself(rule, by_id) and isinstance(spot.node, Sequence):
                raise spot.item(i, spot.node.items[i]).wrong(
                    f"The rule `{rule.id}` multiplies itself, directly or through others.",
                    "Break the circle in `of`.",
                )
        return rules


def _multiplies_itself(rule: Rule, by_id: dict[str, Rule]) -> bool:
    seen: set[str] = set()
    ahead = list(multiplied(rule))
    while ahead:
        name = ahead.pop()
        if name == rule.id:
            return True
        if name not in seen:
            seen.add(name)
            ahead += multiplied(by_id[name])
    return False


RULES: Shape[tuple[Rule, ...]] = _Rules(_RULE)

ACCEPT: Shape[tuple[AcceptRule, ...]] = ListOf(
    Record(
        what="an accept rule",
        keys=(
            activities("The types of activity that are judged."),
            replace(WHEN, required=True),
            Key(
                name="reason",
                shape=ID,
                about="The reason given for the rejection.",
                example="channel_not_eligible",
                required=True,
            ),
        ),
        build=lambda fields: AcceptRule(**fields.without()),
    )
)
