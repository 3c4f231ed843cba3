"""Running again, being interrupted, and services that are not at their best."""

import signal
import subprocess
import threading
import time
from typing import Any

import pytest

from importing.conftest import Shop
from importing.intake import Answer, refusing


def sales(count: int, *, members: int = 7) -> str:
    rows = (f"m{n % members},2026-01-05,{n}.00" for n in range(count))
    return "\n".join(["customer,date,amount", *rows, ""])


def test_a_second_run_finds_only_duplicates(shop: Shop) -> None:
    shop.write("sales.csv", sales(50))
    shop.purchases("sales.csv")

    outcome = shop.purchases("sales.csv")

    assert outcome.code == 0
    assert "50 duplicates" in outcome.said
    assert shop.intake.count == 50


def test_equal_lines_count_once_each_and_are_known_again_in_a_grown_file(shop: Shop) -> None:
    shop.write("sales.csv", "customer,date,amount\n" + "ada,2026-01-05,1.00\n" * 3)
    shop.purchases("sales.csv")
    shop.write("grown.csv", "customer,date,amount\n" + "ada,2026-01-05,1.00\n" * 4)

    outcome = shop.purchases("grown.csv")

    assert "1 accepted" in outcome.said
    assert "3 duplicates" in outcome.said
    assert len(shop.intake.of("ada")) == 4


def test_lines_of_one_member_arrive_in_the_order_of_the_file(shop: Shop) -> None:
    shop.write("sales.csv", sales(500, members=5))

    outcome = shop.purchases("sales.csv", "--batch", "7", "--streams", "4")

    assert outcome.code == 0, outcome.said
    for member in range(5):
        amounts = [float(it["amount"]) for it in shop.intake.of(f"m{member}")]
        assert len(amounts) == 100
        assert amounts == sorted(amounts)
    assert max(shop.intake.requests) == 7


def test_after_an_interruption_only_what_was_not_answered_is_sent_again(shop: Shop) -> None:
    shop.write("sales.csv", sales(400, members=40))
    interrupted = threading.Event()
    answered = 4

    def slow(_: object) -> None:
        if len(shop.intake.requests) > answered:
            interrupted.wait(20)
        if len(shop.intake.requests) > answered + 2:
            time.sleep(0.5)  # however late the signal is heard, not all has gone by then

    shop.intake.faults = [slow] * 400
    options = ("--type", "purchase", "--map", "customer=member,date=at,amount=amount")
    command = shop.command("sales.csv", *options, "--batch", "10", "--streams", "2")
    running = subprocess.Popen(
        command, cwd=shop.folder, env=shop.environment, stdout=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 30
    while len(shop.intake.requests) <= answered and time.monotonic() < deadline:
        shop.intake.arrived.wait(0.05)
    running.send_signal(signal.SIGINT)
    time.sleep(0.2)  # the signal arrives while an answer is still on its way
    interrupted.set()
    said, _ = running.communicate(timeout=30)
    shop.intake.faults = []
    taken = shop.intake.count

    outcome = shop.purchases("sales.csv", "--batch", "10", "--streams", "2")

    assert running.returncode == 130, said
    assert 0 < taken < 400
    assert outcome.code == 0, outcome.said
    assert f"{taken} sent before the interruption" in outcome.said
    assert f"{400 - taken} accepted" in outcome.said
    assert shop.intake.count == 400


def test_a_new_service_at_the_same_address_gets_everything_again(shop: Shop) -> None:
    shop.write("sales.csv", sales(50))
    shop.purchases("sales.csv")
    (note,) = (shop.folder / "state" / "guerdon" / "imports").glob("*.json")
    note.write_text(note.read_text().replace('"is_done": true', '"is_done": false'))
    shop.intake.activities.clear()

    outcome = shop.purchases("sales.csv")

    assert "50 accepted" in outcome.said
    assert shop.intake.count == 50


def test_a_lost_or_broken_note_costs_nothing_but_time(shop: Shop) -> None:
    shop.write("sales.csv", sales(50))
    shop.purchases("sales.csv")
    (note,) = (shop.folder / "state" / "guerdon" / "imports").glob("*.json")
    note.write_text("{")

    outcome = shop.purchases("sales.csv")

    assert "50 duplicates" in outcome.said


def test_a_busy_service_is_left_alone_for_as_long_as_it_asks(shop: Shop) -> None:
    shop.intake.faults = [
        refusing(429, "RATE_LIMITED", retry_after="1"),
        refusing(503, "UNAVAILABLE", retry_after="0"),
        refusing(500, "INTERNAL_SERVER_ERROR"),
    ]
    shop.write("sales.csv", sales(10))

    begun = time.monotonic()
    outcome = shop.purchases("sales.csv")

    assert outcome.code == 0, outcome.said
    assert time.monotonic() - begun > 1
    assert len(shop.intake.requests) > 3
    assert shop.intake.count == 10


def test_an_answer_that_is_lost_makes_no_line_count_twice(shop: Shop) -> None:
    shop.write("sales.csv", sales(10))

    def take_and_fail(activities: list[dict[str, Any]]) -> Answer:
        shop.intake.activities |= {str(it["activityId"]): it for it in activities}
        return 502, {}, {}

    shop.intake.faults = [take_and_fail]

    outcome = shop.purchases("sales.csv")

    assert outcome.code == 0, outcome.said
    assert shop.intake.count == 10
    assert "duplicates" in outcome.said


def test_requests_that_are_too_large_are_halved_until_they_fit(shop: Shop) -> None:
    def at_most_five(activities: list[dict[str, Any]]) -> Answer | None:
        too_large = refusing(413, "PAYLOAD_TOO_LARGE")
        return too_large(activities) if len(activities) > 5 else None

    shop.intake.faults = [at_most_five] * 100
    shop.write("sales.csv", sales(40))

    outcome = shop.purchases("sales.csv", "--streams", "1")

    assert outcome.code == 0, outcome.said
    assert shop.intake.count == 40
    assert shop.intake.requests == [40, 20, 10] + [5] * 8


def test_a_line_that_spoils_its_request_is_found_and_listed(shop: Shop) -> None:
    def no_thirteen(activities: list[dict[str, Any]]) -> Answer | None:
        wrong = refusing(400, "BAD_USER_INPUT", "13.00 is not to be had.")
        return wrong(activities) if any(it["amount"] == "13.00" for it in activities) else None

    shop.intake.faults = [no_thirteen] * 100
    shop.write("sales.csv", sales(40))

    outcome = shop.purchases("sales.csv")

    assert outcome.code == 1
    assert outcome.errors == ["15,,13.00 is not to be had."]
    assert shop.intake.count == 39


def test_a_key_that_is_not_accepted_ends_the_import_with_a_sentence(shop: Shop) -> None:
    shop.write("sales.csv", sales(10))

    outcome = shop.purchases("sales.csv", "--key", "gk_test_other_secret")

    assert outcome.code == 1
    assert "The key is not accepted" in outcome.said
    assert "secret" not in outcome.said


def test_waiting_ends_when_the_service_has_decided_everything(shop: Shop) -> None:
    shop.intake.waiting = [10, 4, 1]
    shop.write("sales.csv", sales(10))

    outcome = shop.purchases("sales.csv", "--wait")

    assert outcome.code == 0
    assert shop.intake.waiting == []
    assert "All decided after" in outcome.said


def test_address_and_key_can_come_from_a_demos_ready_file(shop: Shop) -> None:
    shop.write("sales.csv", sales(3))
    key = shop.environment["GUERDON_KEY"]
    ready = f'{{"graphql": "{shop.intake.url}", "keys": {{"service": "{key}"}}}}'
    shop.write("ready.json", ready)
    command = shop.command("sales.csv", "--type", "purchase", "--ready-file", "ready.json")
    command = [word for word in command if word not in {"--url", shop.intake.url}]
    environment = {k: v for k, v in shop.environment.items() if k != "GUERDON_KEY"}

    maps = ("--map", "customer=member,date=at,amount=amount")
    done = subprocess.run(
        [*command, *maps], cwd=shop.folder, env=environment, capture_output=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert shop.intake.count == 3


@pytest.mark.parametrize("content", [b"{", b"{}", b"[]", b"\xff\xfe"])
def test_another_file_than_a_demos_is_refused(shop: Shop, content: bytes) -> None:
    shop.write("sales.csv", sales(1))
    shop.write("ready.json", content)

    command = shop.command("sales.csv", "--type", "purchase", "--ready-file", "ready.json")
    command = [word for word in command if word not in {"--url", shop.intake.url}]
    done = subprocess.run(
        command, cwd=shop.folder, env=shop.environment, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "ready.json is not what `guerdon demo --ready-file` writes.\n"


@pytest.mark.parametrize(
    "url", ["http://", "http://[x", "http://a b/", "http://h:port/", "http://h:99999/"]
)
def test_what_is_no_address_is_refused_at_once(shop: Shop, url: str) -> None:
    shop.write("sales.csv", sales(1))

    outcome = shop.purchases("sales.csv", "--url", url)

    assert (outcome.code, outcome.said.partition(":")[0]) == (2, "--url is no address")


@pytest.mark.parametrize("key", ["kéy", "two\nlines", "two words"])
def test_what_is_no_key_is_refused_at_once_and_not_shown(shop: Shop, key: str) -> None:
    shop.write("sales.csv", sales(1))

    outcome = shop.purchases("sales.csv", "--key", key)

    assert (outcome.code, outcome.said.partition(":")[0]) == (
        2,
        "--key holds signs that no key has",
    )
    assert key not in outcome.said
