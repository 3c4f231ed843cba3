"""What scenario files get wrong, and what an activity becomes."""

from decimal import Decimal

import pytest

from guerdon.core.activity import Line
from guerdon.program.expectations import Checkpoint, Outcome
from guerdon.program.scenario import Scenario, load_scenario
from program.documents import MARK, PROGRAM

ACTIVITY = 'id: a1, at: "2026-01-01T09:00:00Z", type: purchase, member: ada'


def scenario_with(activity: str = ACTIVITY, expect: str = "") -> Scenario:
    return load_scenario(f"{PROGRAM}activities:\n  - {{{activity}}}\nexpect:\n{expect}\n")


CASES = [
    ('id: a1, at: «"2026-01-01T09:00:00", type: x', "at", "is not an instant", "Add the offset"),
    (
        "id: a1, at: «yesterday, type: x",
        "at",
        "`yesterday` is not an instant.",
        "date, time and offset",
    ),
    (f"{ACTIVITY}, amount: «9.999", "amount", "at most 2 digits", "Round it"),
    (f"{ACTIVITY}, amount: «-5", "amount", "`amount` is -5; the least is 0.", "greater"),
    (f"{ACTIVITY}, amount: «1e5", "amount", "`1e5` is not a number.", "without an exponent"),
    (f"{ACTIVITY}, lines: [«{{sku: s}}]", "lines[0]", "`amount` is missing in a line.", "9.90"),
    (f"{ACTIVITY}, lines: [], amount: «5", "amount", "has `amount` and `lines`", "Keep one"),
    (f"{ACTIVITY}, external: «{{scheme: card}}", "external", "needs `scheme` and `value`", "X9"),
    (
        f"{ACTIVITY}, external: «{{scheme: c, value: 1}}",
        "external",
        "names a `member` and",
        "Keep one",
    ),
    (ACTIVITY.replace("purchase", "«member_absorbed"), "type", "Nobody reports", "`member_merged`"),
    (ACTIVITY.replace("ada", '«""'), "member", "`member` is empty.", "remove the key"),
    (ACTIVITY.replace("id: a1", 'id: «""'), "id", "`id` is empty.", "Write what it is called"),
    (f"{ACTIVITY}, ref: «''", "ref", "`ref` is empty.", "remove the key"),
    (f"{ACTIVITY}, attrs: «[gold]", "attrs", "`attrs` needs a map; here stands a list.", "key"),
    (f"{ACTIVITY}, km: «99999999999999999999", "km", "too many digits", "15 digits"),
    (f"{ACTIVITY}, ref: «{'9' * 201}", "ref", "201 characters; 200 are the limit", "Shorten"),
]


@pytest.mark.parametrize(("activity", "path", "message", "remedy"), CASES)
def test_a_mistake_in_an_activity_is_named_with_its_place(
    activity: str, path: str, message: str, remedy: str
) -> None:
    column = len("  - {") + activity.index(MARK) + 1
    scenario = scenario_with(activity.replace(MARK, ""))
    assert scenario.program is None
    assert not scenario.activities
    (mistake,) = scenario.mistakes
    assert message in mistake.message
    assert remedy in mistake.remedy
    assert mistake.path == f"activities[0].{path}"
    assert (mistake.line, mistake.column) == (PROGRAM.count("\n") + 2, column)


def test_an_activity_takes_what_it_does_not_say_itself_from_a_merge_key() -> None:
    scenario = scenario_with(
        f"{ACTIVITY}}}\n  - {{<<: {{{ACTIVITY}, amount: 1}}, id: a2, amount: 2.50"
    )
    assert not scenario.mistakes
    first, second = (one.activity for one in scenario.activities)
    assert (second.id, second.member, second.at, second.data) == ("a2", "ada", first.at, {})
    assert [line.amount for line in second.lines] == [250]


@pytest.mark.parametrize("missing", ["id", "at", "type"])
def test_an_activity_without_what_it_needs_is_refused(missing: str) -> None:
    parts = {"id": "a1", "at": '"2026-01-01T09:00:00Z"', "type": "purchase", "member": "ada"}
    del parts[missing]
    (mistake,) = scenario_with(", ".join(f"{key}: {part}" for key, part in parts.items())).mistakes
    assert mistake.message == f"`{missing}` is missing in an activity."


EXPECTATIONS = [
    ("{member: ada}", "", "An expectation needs one of `activity`, `at`."),
    ("{at: AT, wallets: {points: {spendable: 1}}}", ".wallets", "Whose `wallets` these are"),
    ("{at: AT, member: ada, wallets: {pts: {}}}", ".wallets.pts", "There is no wallet `pts`."),
    (
        "{at: AT, member: ada, wallets: {points: {spendabel: 1}}}",
        ".wallets.points.spendabel",
        "`spendabel` is no key of a wallet.",
    ),
    (
        "{at: AT, member: ada, ladders: {status: {tier: glod}}}",
        ".ladders.status.tier",
        "The ladder `status` has no tier `glod`.",
    ),
    ("{at: AT, member: ada, badges: {first: soon}}", ".badges.first", "`soon` is not a date."),
    ("{at: AT, leaderboard: top}", "", "`leaderboard` and `ranks` belong together."),
    ("{at: AT, leaderboard: top, ranks: [[1, ada]]}", ".ranks[0]", "instead of a row"),
    ("{at: AT}", "", "Nothing is expected here."),
    ("{activity: a1, result: acepted}", ".result", "`acepted` is no choice for `result`."),
    ("{activity: a1}", "", "`result` is missing in an expected result."),
]


@pytest.mark.parametrize(("expect", "path", "message"), EXPECTATIONS)
def test_an_expectation_that_cannot_be_is_named(expect: str, path: str, message: str) -> None:
    written = expect.replace("AT", '"2026-01-01T10:00:00Z"')
    (mistake,) = scenario_with(expect=f"  - {written}").mistakes
    assert message in mistake.message
    assert mistake.path == f"expect[0]{path}"
    assert mistake.line == PROGRAM.count("\n") + 4


def test_an_activity_keeps_its_fields_and_everything_else_is_data() -> None:
    (reported,) = scenario_with(
        f"{ACTIVITY}, partner: cafe, ref: 0001, sku: 0042, category: shoe, amount: 10.50, "
        "channel: web, gift: true, km: 5.20, vouchers: [v1, v2], attrs: {birthday: 02-29, kids: 2}"
    ).activities
    activity = reported.activity
    assert reported.line == PROGRAM.count("\n") + 2
    assert (activity.ref, activity.partner, activity.member) == ("0001", "cafe", "ada")
    assert activity.received == activity.at == 1_767_258_000_000
    assert activity.lines == (
        Line(amount=1050, fields={"sku": "0042", "category": "shoe"}, whole=True),
    )
    assert activity.data == {
        "channel": "web",
        "gift": "true",
        "km": Decimal("5.20"),
        "vouchers": ("v1", "v2"),
        "attrs.birthday": "02-29",
        "attrs.kids": Decimal(2),
    }


def test_lines_keep_their_own_fields() -> None:
    (reported,) = scenario_with(
        f"{ACTIVITY}, lines: [{{sku: a, amount: 1, full_price: true}}, {{amount: 2.5}}]"
    ).activities
    assert reported.activity.lines == (
        Line(amount=100, fields={"sku": "a", "full_price": "true"}),
        Line(amount=250),
    )


def test_a_number_of_somebody_unknown_is_kept_with_the_activity() -> None:
    (reported,) = scenario_with(
        'id: a1, at: "2026-01-01T09:00:00Z", type: purchase, external: {scheme: card, value: 007}'
    ).activities
    assert reported.external == ("card", "007")
    assert reported.activity.member is None


def test_what_looks_like_a_misspelt_field_is_warned_of_and_kept() -> None:
    scenario = scenario_with(f"{ACTIVITY}, ammount: 5")
    (warning,) = scenario.mistakes
    assert warning.remedy == "Did you mean `amount`?"
    assert scenario.activities[0].activity.data == {"ammount": Decimal(5)}


def test_a_field_that_the_program_asks_for_is_not_taken_for_a_slip() -> None:
    rule = "    - {id: fuel, activity: purchase, wallet: points, give: {unit: litres, points: 1}}\n"
    program = PROGRAM.replace("  counters:\n", f"{rule}  counters:\n", 1)
    bought = f"  - {{{ACTIVITY}, litres: 40}}\n"
    assert load_scenario(f"{program}activities:\n{bought}").mistakes == []


def test_any_number_of_warnings_keeps_no_scenario_from_being_played() -> None:
    many = "".join(f"  - {{{ACTIVITY.replace('a1', f'a{i}')}, ammount: 5}}\n" for i in range(300))
    scenario = load_scenario(f"{PROGRAM}activities:\n{many}")
    assert len(scenario.mistakes) == len(scenario.activities) == 300


def test_activities_out_of_order_are_warned_of() -> None:
    later = ACTIVITY.replace("a1", "a2").replace("2026", "2025")
    text = f"{PROGRAM}activities:\n  - {{{ACTIVITY}}}\n  - {{{later}}}\n"
    (warning,) = load_scenario(text).mistakes
    assert (
        warning.message == f"Line {PROGRAM.count(chr(10)) + 3} is earlier than the one before it."
    )


def test_expectations_keep_their_lines() -> None:
    scenario = scenario_with(
        expect="  - {activity: a1, copy: 2, result: duplicate}\n"
        '  - {at: "2026-01-01T10:00:00Z", why: because, stock: {mug: 1}}'
    )
    outcome, checkpoint = scenario.expectations
    assert isinstance(outcome, Outcome)
    assert (outcome.copy, outcome.result, outcome.reason) == (2, "duplicate", None)
    assert isinstance(checkpoint, Checkpoint)
    assert checkpoint.line == outcome.line + 1
    assert (checkpoint.why, checkpoint.at) == ("because", 1_767_261_600_000)


def test_a_scenario_may_name_the_file_of_its_program() -> None:
    files = {"shop.yaml": PROGRAM, "bad.yaml": PROGRAM.replace("id: shop", "id: a b")}
    good = load_scenario("program: shop.yaml\nactivities: []", read=files.__getitem__)
    assert good.program is not None
    assert good.program.id == "shop"
    (bad,) = load_scenario("program: bad.yaml", read=files.__getitem__).mistakes
    assert bad.message.startswith("bad.yaml:2:7: `a b` is not a name")
    (unread,) = load_scenario("program: shop.yaml").mistakes
    assert (unread.line, unread.column, unread.path) == (1, 10, "program")


def test_a_file_that_cannot_be_read_is_named() -> None:
    def read(path: str) -> str:
        raise FileNotFoundError(path)

    (mistake,) = load_scenario("program: shop.yaml", read=read).mistakes
    assert mistake.message == "The program's file `shop.yaml` cannot be read."
