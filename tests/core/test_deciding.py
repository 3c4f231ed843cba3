"""Growing collections: what does not fit the head lies in pages, and nobody can tell by looking."""

from collections.abc import Callable

import pytest

from builders import Life, Town, a_line, a_member, a_program, a_town, instant
from guerdon.core import holdings, shelving
from guerdon.core.deciding import Deciding, first
from guerdon.core.decision import Given, Needed
from guerdon.core.lots import Lot
from guerdon.core.rulebook import Rulebook
from guerdon.core.shelving import capacity_of, sort_text
from guerdon.core.standing import FRONT, PageRef, Shelf, Standing
from guerdon.core.views import View

GROWING = (
    "win", "limit", "taken", "closed", "days", "roll", "lots", "pending",
    "set", "carried", "voucher", "done", "befriended", "referred",
    "peaks",
)  # fmt: skip


@pytest.fixture(params=[0, 2], ids=lambda size: f"{size} in the head")
def cramped(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave room for so few entries in the head that nearly all lie in pages."""
    for shelf in GROWING:
        monkeypatch.setitem(shelving.CAPACITY, shelf, request.param)


PROGRAM = """
    wallets:
      points: {expiry: {mode: after, period: P6M}}
      idle: {expiry: {mode: inactivity, period: P2M, activity: [purchase]}}
      tiered:
        expiry:
          by_tier: {ladder: status, tiers: {gold: {mode: never}}, else: {mode: after, period: P1Y}}
        extend: {activity: [visit], through_month: P20M}
    counters:
      brands: {activity: purchase, distinct: brand}
      days: {activity: visit, streak: day}
      month: {activity: purchase, sum: net, window: calendar_month}
      recent: {activity: purchase, distinct: brand, window: {rolling: P1M}}
      earned: {sum: "points:points", window: {rolling: P2M}}
    rules:
      - {id: base, activity: purchase, wallet: points, give: {rate: 1}}
      - {id: idle, activity: purchase, wallet: idle, give: {fixed: 3}}
      - {id: steps, activity: purchase, wallet: tiered,
         give: {step: 10.00, points: 1, remainder: carry}}
      - {id: slow, activity: visit, wallet: points, give: {fixed: 2}, pending: {for: P10D},
         limit: {times: 1, per: day}}
      - {id: scan, activity: scan, wallet: points, give: {fixed: 1},
         limit: {times: 1, per: day, by: subject, subject: shop}}
      - {id: thanks, activity: purchase, wallet: points, give: {fixed: 4}, to: referrer}
    ladders:
      status:
        counter: month
        window: calendar_month
        tiers: [{id: basic, at: 0}, {id: gold, at: 60,
                 on_enter: [{wallet: idle, fixed: 1, per: month}]}]
        keep: {until: end_of_window}
    rewards:
      mug: {wallet: points, cost: 25, voucher: {valid: P1M}, per_member: {times: 9, per: month}}
    leaderboards: {top: {counter: month, window: {rolling: P1M}}}
    missions: {m: {activity: purchase, distinct: brand, goal: 3,
                   grant: [{wallet: points, fixed: 6}]}}
    """


def seen(life: Life, at: str) -> dict[str, object]:
    """Return all that can be seen of a member."""
    return life.town.view(life.name, instant(at), _all_of)


def _all_of(view: View) -> dict[str, object]:
    wallets = ("points", "idle", "tiered")
    counters = ("brands", "days", "month", "recent", "earned")
    totals = [view.wallet(slug) for slug in wallets]
    return {
        "wallets": [(w.spendable, w.pending, w.debt, w.earned, w.expired) for w in totals],
        "lots": {
            slug: [(lot.name, lot.left, lot.expires, lot.release) for lot in view.lots(slug)]
            for slug in wallets
        },
        "counters": {slug: view.counter(slug) for slug in counters},
        "tier": view.tier("status"),
        "mission": view.mission("m"),
        "vouchers": {name: voucher.shown(view.now) for name, voucher in view.vouchers().items()},
        "badges": view.standing.badges,
    }


def shopping(town: Town) -> Life:
    """A spring of purchases, visits, redemptions, and things that come back."""
    life = a_member(town)
    friend = a_member(town, name="bob", referrer="ana")
    for k in range(1, 10):
        life.buys(7 + k, f"2026-03-0{k}", id=f"p{k}", brand="xyz"[k % 3])
        life.does("visit", f"2026-03-0{k}", id=f"v{k}")
        life.does("scan", f"2026-03-0{k}", shop="ab"[k % 2])
        friend.buys(5, f"2026-03-0{k}", id=f"f{k}")
    life.redeems("mug", "2026-03-12", id="r1")
    life.redeems("mug", "2026-03-13", id="r2", qty=2)
    return life


def going_back(town: Town) -> Life:
    life = shopping(town)
    life.refunds("p1", "2026-03-14")
    life.refunds("p5", "2026-03-15", amount=5)
    life.does("ineligible", "2026-03-15", of="v3")
    life.does("ineligible", "2026-03-16", of="v5")
    Life(town, "bob").refunds("f2", "2026-03-16")
    life.does("redemption_cancelled", "2026-03-17", of="r2")
    return life


def arriving_late(town: Town) -> Life:
    life = shopping(town)
    life.buys(30, "2026-06-20", id="later", brand="q")
    life.buys(11, "2026-04-25", received="2026-06-21", id="late", brand="w")
    life.does("visit", "2026-03-10", received="2026-06-21", id="v10")
    return life


def in_debt(town: Town) -> Life:
    life = shopping(town)
    for k in range(1, 10):
        life.refunds(f"p{k}", "2026-03-20")
    life.buys(3, "2026-03-21", id="q")
    life.does("redemption_cancelled", "2026-03-22", of="r1")
    return life


def merging(town: Town) -> Life:
    life = shopping(town)
    other = a_member(town, name="cid", enrolled="2026-01-15")
    for k in range(1, 6):
        other.buys(9 + k, f"2026-03-0{k}", id=f"c{k}", brand="uvw"[k % 3])
        other.does("visit", f"2026-03-1{k}", id=f"w{k}")
    other.redeems("mug", "2026-03-16", id="rc")
    other.does("member_merged", "2026-03-20", into="ana")
    life.refunds("c3", "2026-03-21")
    return life


def changing_tiers(town: Town) -> Life:
    life = shopping(town)
    for month in ("04", "05"):
        life.buys(70, f"2026-{month}-02", id=f"g{month}")
    return life


LIVES = [shopping, going_back, arriving_late, in_debt, merging, changing_tiers]
MOMENTS = ["2026-06-22", "2026-07-08", "2026-09-04", "2026-09-15", "2027-04-01"]
_ROOMY: dict[str, list[dict[str, object]]] = {}


@pytest.fixture(scope="module", autouse=True)
def roomy() -> None:
    """Play each life once where everything fits the head."""
    with pytest.MonkeyPatch.context() as patch:
        for shelf in GROWING:
            patch.setitem(shelving.CAPACITY, shelf, 1_000)
        for play in LIVES:
            life = play(a_town(PROGRAM))
            _ROOMY[play.__name__] = [seen(life, at) for at in MOMENTS]


@pytest.mark.usefixtures("cramped")
@pytest.mark.parametrize("play", LIVES, ids=lambda play: str(play.__name__))
def test_a_life_is_the_same_whether_it_fits_the_head_or_not(play: Callable[[Town], Life]) -> None:
    life = play(a_town(PROGRAM))

    assert [seen(life, at) for at in MOMENTS] == _ROOMY[play.__name__]


@pytest.mark.usefixtures("cramped")
def test_a_life_that_is_looked_at_every_day_is_the_same_too() -> None:
    life = going_back(a_town(PROGRAM))
    found = []
    for at in MOMENTS:
        found.append(seen(life, at))
        life.waits(at)

    assert found == _ROOMY["going_back"]


@pytest.mark.usefixtures("cramped")
def test_the_head_holds_what_is_spent_next() -> None:
    life = a_member("""
        wallets: {points: {expiry: {mode: after, period: P6M}}}
        rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
        rewards: {mug: {wallet: points, cost: 1}}
        """)
    for k in (5, 3, 9, 1, 7):
        life.buys(2, f"2026-03-0{k}", received=f"2026-04-0{k}", id=f"p{k}")

    life.redeems("mug", "2026-04-10")

    assert life.left("2026-04-10") == {
        "p1.base": 1,
        "p3.base": 2,
        "p5.base": 2,
        "p7.base": 2,
        "p9.base": 2,
    }


def test_a_heavy_member_has_a_head_of_bounded_size() -> None:
    life = a_member("""
        wallets: {points: {}}
        rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
        counters: {brands: {activity: purchase, distinct: brand}}
        """)
    for k in range(120):
        life.buys(2, "2026-03-02", id=f"p{k}", brand=f"b{k}")

    shelves = life.standing.shelves
    assert (len(shelves["lots:points"].items), shelves["lots:points"].spilled) == (24, 96)
    assert (len(shelves["set:brands"].items), shelves["set:brands"].spilled) == (FRONT, 56)
    assert life.balance("2026-03-02") == 240
    assert life.counter("2026-03-02", "brands") == 120


def test_more_entries_than_one_reading_brings_leave_a_rolling_window_at_once() -> None:
    life = a_member("counters: {runs: {activity: run, window: {rolling: P1D}}}")
    for k in range(200):
        life.does("run", "2026-03-02 10:00", id=f"run{k}")
    assert life.counter("2026-03-02 10:00", "runs") == 200

    assert life.counter("2026-03-03 10:00", "runs") == 0
    life.does("run", "2026-03-04")
    assert life.counter("2026-03-04", "runs") == 1


def test_units_outside_the_head_are_spent_in_their_order_however_many_there_are() -> None:
    life = a_member("""
        wallets: {points: {expiry: {mode: after, period: P1M}}}
        rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
        rewards: {all: {wallet: points, cost: 230}, one: {wallet: points, cost: 1}}
        """)
    for k in range(120):  # the older they are, the later they are reported
        day, hour = divmod(120 - k, 24)
        life.buys(
            2, f"2026-03-{day + 1:02d} {hour:02d}:00", received="2026-03-10", id=f"p{120 - k}"
        )

    life.redeems("one", "2026-03-10")
    assert list(life.left("2026-03-10").values()) == [1, *[2] * 119]

    life.redeems("all", "2026-03-10")  # more than the head and one reading hold
    assert life.left("2026-03-10") == {f"p{k}.base": 1 if k == 116 else 2 for k in range(116, 121)}


def test_an_empty_head_does_not_let_a_younger_lot_be_spent_before_those_outside() -> None:
    life = a_member("""
        wallets: {points: {expiry: {mode: after, period: P1M}}}
        rules: [{id: base, activity: purchase, wallet: points, give: {rate: 1}}]
        rewards: {head: {wallet: points, cost: 24}, one: {wallet: points, cost: 1}}
        """)
    for k in range(26):
        life.buys(1, f"2026-03-01 {k % 24:02d}:{k // 24:02d}", id=f"p{k}")
    life.redeems("head", "2026-03-02")  # just what the head holds

    life.buys(1, "2026-03-03", id="young")
    life.redeems("one", "2026-03-04")

    assert list(life.left("2026-03-04")) == ["p23.base", "young.base"]


# ---------------------------------------------------------------- by itself


def working(shelves: dict[str, Shelf], given: Given | None = None) -> Deciding:
    rulebook = Rulebook([a_town("name: Shop").program])
    standing = Standing("ana", shelves=shelves)
    return Deciding(rulebook, standing, now=instant("2026-03-02"), given=given or Given())


def test_a_shelf_without_pages_has_nothing_to_ask_for() -> None:
    d = working({"voucher": Shelf({"a": 1})})

    assert d.look("voucher", "a") == 1
    assert d.look("voucher", "b") is None
    assert d.look("nothing", "b") is None
    assert d.spilled("nothing") == 0
    assert d.everything("nothing") == {}
    assert d.everything("voucher") == {"a": 1}
    d.pull("voucher", "all")
    assert d.finished().pages == []


def test_an_entry_that_may_lie_in_a_page_is_asked_for_once() -> None:
    shelves = {"voucher": Shelf({"a": 1}, spilled=2)}

    with pytest.raises(Needed) as raised:
        working(shelves).look("voucher", "b")
    assert raised.value.pages == (PageRef("voucher", "one", "b"),)

    given = Given(entries={("voucher", "b"): ("", 7), ("voucher", "c"): None})
    assert working(shelves, given).look("voucher", "b") == 7
    assert working(shelves, given).look("voucher", "c") is None

    whole = Given(loaded={PageRef("voucher", "all")})
    assert working(shelves, whole).look("voucher", "d") is None


def test_everything_unites_head_pages_given_and_pages_written() -> None:
    given = Given(
        entries={("voucher", "b"): ("", 2), ("voucher", "c"): ("", 3), ("other", "x"): ("", 0)},
        loaded={PageRef("voucher", "all")},
    )
    d = working({"voucher": Shelf({"a": 1}, spilled=2)}, given)
    d.put("voucher", "b", 20)
    d.drop("voucher", "c")

    assert d.everything("voucher") == {"a": 1, "b": 20}
    assert {(page.key, page.value) for page in d.finished().pages} == {("b", 20), ("c", None)}
    with pytest.raises(Needed):
        working({"voucher": Shelf({"a": 1}, spilled=2)}).everything("voucher")


def test_a_pull_brings_pages_into_the_head_and_leaves_other_shelves_alone() -> None:
    given = Given(
        entries={("voucher", "b"): ("", 2), ("voucher", "c"): None, ("other", "x"): ("", 0)},
        loaded={PageRef("voucher", "all")},
    )
    d = working({"voucher": Shelf({"a": 1}, spilled=2)}, given)
    d.write("voucher", "d", "", 4)
    d.write("other", "y", "", 5)

    d.pull("voucher", "all")

    assert d.shelf("voucher").items == {"a": 1, "b": 2, "d": 4}
    assert d.spilled("voucher") == 0
    with pytest.raises(Needed):
        working({"voucher": Shelf({}, spilled=1)}).pull("voucher", "front")


def test_a_page_asked_for_by_itself_is_not_taken_for_one_of_the_first() -> None:
    front = {("lots", f"{k:03d}"): (f"{k:03d}", k) for k in range(FRONT)}
    given = Given(entries={("lots", "900"): ("900", 900), **front})
    given.loaded.add(PageRef("lots", "front"))
    d = working({"lots": Shelf({}, spilled=100)}, given)

    d.pull("lots", "front", lambda value: (value, 0, 0))
    assert list(d.shelf("lots").items.values()) == list(range(FRONT))

    with pytest.raises(Needed) as raised:
        d.pull("lots", "front")
    assert raised.value.pages == (PageRef("lots", "all"),)


def test_what_is_too_much_for_the_head_is_moved_out() -> None:
    d = working({"lots": Shelf({str(k): 30 - k for k in range(30)})})
    kept = working({"lots": Shelf({"1": 1})})

    assert d.trim("lots", lambda value: (value, 0, 0)) == [25, 26, 27, 28, 29, 30]
    assert (len(d.shelf("lots").items), d.spilled("lots")) == (24, 6)
    assert kept.trim("lots") == []

    d = working({"closed": Shelf({str(k): k for k in range(18)})})
    assert d.trim("closed") == [0, 1]


def test_an_entry_of_the_head_is_stored_in_its_place() -> None:
    d = working({"lots": Shelf({"a": 1, "b": 2})})

    assert d.put_ordered("lots", "b", 5, lambda value: (value, 0, 0)) is None
    assert d.put_ordered("lots", "c", 0, lambda value: (value, 0, 0)) is None
    assert d.shelf("lots").items == {"c": 0, "a": 1, "b": 5}


def test_what_was_never_written_and_is_dropped_leaves_no_page() -> None:
    d = working({"voucher": Shelf({}, spilled=0)})
    d.spill("voucher", "a", 1, "")

    d.drop("voucher", "a")

    assert d.finished().pages == []


def test_pages_sort_as_their_orders_do() -> None:
    orders = [(-5, 0, 0), (0, 0, 9), (3, -2, 1), (3, 4, 1), (10**14, 0, 0)]

    assert sorted(map(sort_text, orders)) == [sort_text(order) for order in sorted(orders)]


def test_a_shelf_of_no_own_capacity_has_the_usual_one() -> None:
    assert capacity_of("set:brands") == FRONT
    assert capacity_of("lots:points") == 24


def test_the_first_of_nothing_is_none() -> None:
    assert first([None, None]) is None
    assert first([None, instant("2026-03-02"), instant("2026-03-01")]) == instant("2026-03-01")


def test_lines_given_as_a_tuple_are_kept_as_they_are() -> None:
    life = a_member("name: Shop")
    lines = (a_line(5, sku="a"),)

    life.does("purchase", "2026-03-02", lines=lines)

    assert lines == (a_line(5, sku="a"),)


def test_a_lot_that_lies_nowhere_is_a_bug_when_sought_and_is_put_where_it_belongs() -> None:
    rulebook = Rulebook([a_program("wallets: {points: {}}")])
    d = Deciding(rulebook, Standing("ana"), now=instant("2026-03-02"), given=Given())
    with pytest.raises(KeyError, match="points lot 7"):
        holdings.find(d, "points", 7)

    lot = Lot(7, "p", "base", "k", instant("2026-03-02"), None, 5, 5)
    holdings.replace(d, rulebook.wallet("points"), lot)

    assert holdings.find(d, "points", 7) == lot
