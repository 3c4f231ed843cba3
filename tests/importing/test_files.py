"""What files may look like, and what becomes of lines that are wrong."""

import pytest

from importing.conftest import Shop

THREE = "customer,date,amount\n0001,2026-01-05,29.33\n0002,2026-01-05,9.90\n0001,2026-01-07,0.00\n"


def test_each_line_becomes_an_activity_with_the_values_as_they_were_written(shop: Shop) -> None:
    shop.write("sales.csv", THREE)

    outcome = shop.purchases("sales.csv")

    assert outcome.code == 0, outcome.said
    first, third = shop.intake.of("0001")
    assert first | {"activityId": "x"} == {
        "activityId": "x",
        "type": "purchase",
        "member": {"externalId": "0001"},
        "at": "2026-01-05T05:00:00.000Z",
        "amount": "29.33",
    }
    assert third["amount"] == "0.00"
    assert "3 accepted" in outcome.said
    assert outcome.errors == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bom.csv", b"\xef\xbb\xbf" + THREE.encode()),
        ("crlf.csv", THREE.replace("\n", "\r\n")),
        ("semicolons.csv", THREE.replace(",", ";")),
        ("tabs.tsv", THREE.replace(",", "\t")),
        ("quoted.csv", THREE.replace("0001", '"0001"')),
        ("no-end-of-line.csv", THREE.rstrip()),
        ("blank-lines.csv", "\n" + THREE.replace("\n", "\n\n") + ",,\n"),
        ("spaces.csv", THREE.replace(",", " , ")),
    ],
)
def test_usual_spellings_of_csv_say_the_same(shop: Shop, name: str, content: str | bytes) -> None:
    shop.write(name, content)

    outcome = shop.purchases(name)

    assert outcome.code == 0, outcome.said
    said = [(it["member"]["externalId"], it["amount"]) for it in shop.intake.activities.values()]
    assert sorted(said) == [("0001", "0.00"), ("0001", "29.33"), ("0002", "9.90")]


def test_columns_carry_lines_references_numbers_and_text(shop: Shop) -> None:
    shop.write(
        "till.csv",
        "order,who,when,sum,article,pieces,hall\n"
        "A-1,ada,2026-01-05T09:30:00+01:00,18.00,LP-7,3,04\n",
    )

    maps = "order=id,who=member,when=at,sum=amount,article=sku,pieces=pieces:number,hall=hall"
    outcome = shop.run("till.csv", "--type", "purchase", "--map", maps, "--map", "order=ref")

    assert outcome.code == 0, outcome.said
    assert shop.intake.activities["A-1"] == {
        "activityId": "A-1",
        "type": "purchase",
        "member": {"externalId": "ada"},
        "at": "2026-01-05T08:30:00.000Z",
        "ref": "A-1",
        "lines": [{"sku": "LP-7", "amount": "18.00"}],
        "data": {"pieces": 3, "hall": "04"},
    }


def test_bad_lines_are_listed_with_line_column_and_reason_and_the_rest_is_imported(
    shop: Shop,
) -> None:
    shop.write(
        "sales.csv",
        "customer,date,amount\n"
        "ada,2026-01-05,ten\n"
        "ben,05/01/2026,1.00\n"
        "ada,2026-01-05T10:00:00,1.00\n"
        ",2026-01-05,1.00\n"
        "ada,2026-01-05\n"
        "ada,2026-02-30,1.00\n"
        '"a\nda",2026-01-05,1.00\n'
        "ada,2026-01-05,1e3\n",
    )

    outcome = shop.purchases("sales.csv")

    assert outcome.code == 1
    assert "1 accepted" in outcome.said
    assert "7 refused: cannot be read" in outcome.said
    begins = [line.split(",", 2)[:2] for line in outcome.errors]
    assert begins == [
        ["2", "amount"],
        ["3", "date"],
        ["4", "date"],
        ["5", "customer"],
        ["6", ""],
        ["7", "date"],
        ["10", "amount"],
    ]
    assert "has no offset" in outcome.errors[2]


def test_bytes_that_are_not_utf8_spoil_their_line_only(shop: Shop) -> None:
    shop.write("sales.csv", THREE.encode() + b"J\xf6rg,2026-01-05,1.00\n")

    outcome = shop.purchases("sales.csv")

    assert "3 accepted" in outcome.said
    assert outcome.errors == ["5,,is not UTF-8: save the file as UTF-8."]


def test_what_the_service_refuses_is_listed_with_the_column_it_speaks_of(shop: Shop) -> None:
    def never_for_nothing(activity: dict[str, object]) -> tuple[str, str, list[str]] | None:
        return ("REJECTED", "invalid", ["amount"]) if activity["amount"] == "0.00" else None

    shop.intake.rejects = never_for_nothing
    shop.write("sales.csv", THREE)

    outcome = shop.purchases("sales.csv")

    assert outcome.code == 1
    assert outcome.errors == ["4,amount,invalid: It cannot be so."]
    assert "1 refused: invalid" in outcome.said


def test_json_lines_keep_numbers_exactly_and_need_no_map(shop: Shop) -> None:
    shop.write(
        "sales.jsonl",
        '{"activityId": "A-1", "type": "purchase", "member": "0001", "at": "2026-01-05",'
        ' "amount": 29.90, "data": {"weight": 0.10, "gift": true}}\n'
        "\n"
        '{"type": "visit", "member": 7, "at": "2026-01-05T10:00:00Z"}\n'
        "[1]\n"
        '{"type": "visit", "member": "7"\n'
        '{"type": "visit", "member": "7", "at": "2026-01-05T10:00:00Z", "data": {"x": NaN}}\n',
    )

    outcome = shop.run("sales.jsonl")

    assert outcome.code == 1
    assert shop.intake.activities["A-1"]["amount"] == "29.90"
    assert str(shop.intake.activities["A-1"]["data"]["weight"]) == "0.10"
    assert [activity["type"] for activity in shop.intake.of("7")] == ["visit"]
    assert [line.split(",")[0] for line in outcome.errors] == ["4", "5", "6"]


def test_json_lines_with_a_map_take_only_what_is_mapped(shop: Shop) -> None:
    shop.write("sales.jsonl", '{"who": "ada", "day": "2026-01-05", "sum": "1.50", "secret": 1}\n')

    maps = "who=member,day=at,sum=amount"
    outcome = shop.run("sales.jsonl", "--type", "purchase", "--map", maps)

    assert outcome.code == 0, outcome.said
    (activity,) = shop.intake.of("ada")
    assert activity["amount"] == "1.50"
    assert "secret" not in str(activity)


@pytest.mark.parametrize("content", ["", "\n", "customer,date,amount\n"])
def test_a_file_without_lines_imports_nothing(shop: Shop, content: str) -> None:
    shop.write("sales.csv", content)

    outcome = shop.purchases("sales.csv")

    assert shop.intake.count == 0
    assert outcome.code == (0 if "date" in content else 2)
    assert ("0 accepted" if "date" in content else "has no header") in outcome.said


def test_a_wrong_column_is_named_with_the_one_that_was_meant(shop: Shop) -> None:
    shop.write("sales.csv", THREE)

    outcome = shop.run("sales.csv", "--type", "purchase", "--map", "custmer=member,date=at")

    assert outcome.code == 2
    assert "no column 'custmer'" in outcome.said
    assert "Did you mean 'customer'?" in outcome.said
    assert shop.intake.requests == []


def test_decimal_commas_are_read_only_where_that_is_said(shop: Shop) -> None:
    shop.write("sales.csv", "customer;date;amount\nada;2026-01-05;29,33\n")

    assert shop.purchases("sales.csv").code == 1
    assert shop.purchases("sales.csv", "--decimal-comma").code == 0
    assert [it["amount"] for it in shop.intake.of("ada")] == ["29.33"]


def test_a_file_of_another_kind_is_never_replaced_by_the_errors(shop: Shop) -> None:
    shop.write("sales.csv", THREE)
    kept = shop.write("errors.csv", "my own notes\n")

    outcome = shop.purchases("sales.csv")

    assert outcome.code == 2
    assert kept.read_text() == "my own notes\n"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            '{"lane":3,"seq":1,"member":"ann","activityId":"p1","type":"purchase","at":"","postings":[]}',
            "compare what `guerdon export ledger` says",
        ),
        (
            '{"member":"ann","wallet":"points","spendable":10,"pending":0,"debt":0}',
            "bring in `guerdon export activities`",
        ),
        ('{"externalId":"ann","wallets":{},"tiers":{}}', "`guerdon import members` takes it in"),
    ],
)
def test_what_follows_from_activities_is_not_taken_for_one(
    shop: Shop, line: str, says: str
) -> None:
    shop.write("export.jsonl", line + "\n")

    done = shop.run("export.jsonl")

    assert done.code == 2
    assert says in " ".join(done.said.split())
    assert shop.intake.activities == {}


@pytest.mark.parametrize(
    ("rows", "first", "last"),
    [
        ('ada,2026-01-05,1.00,"open\nben,2026-01-05,1.00,x\ncleo,2026-01-05,1.00,x\n', 2, 4),
        ('ada,2026-01-05,1.00,"open\nben,2026-01-05,1.00,"x"\ncleo,2026-01-05,1.00,x\n', 2, 3),
        ('cleo,2026-01-05,1.00,"5" disc"\n', 2, 2),
    ],
)
def test_a_quote_that_is_not_closed_is_said_and_takes_no_line_in_without_a_word(
    shop: Shop, rows: str, first: int, last: int
) -> None:
    shop.write("sales.csv", f"customer,date,amount,note\n{rows}")

    outcome = shop.purchases("sales.csv")

    assert outcome.code == 1
    (error,) = outcome.errors
    assert error.startswith(f'{first},,"is not CSV')
    assert (f"up to line {last}" in error) is (last > first)
    assert len(shop.intake.of("cleo")) == (1 if last == 3 else 0)
    assert not shop.intake.of("ada")


def test_quotes_within_cells_are_read_where_they_are_doubled_or_do_not_begin_the_cell(
    shop: Shop,
) -> None:
    shop.write(
        "sales.csv", 'customer,date,amount\n"a""d,a",2026-01-05,1.00\n5" disc,2026-01-05,2\n'
    )

    outcome = shop.purchases("sales.csv")

    assert outcome.code == 0, outcome.said
    assert len(shop.intake.of('a"d,a')) == len(shop.intake.of('5" disc')) == 1


@pytest.mark.parametrize("amount", ["1.234", "1.234,56", "12.50"])
def test_where_commas_are_decimal_a_point_is_never_taken_for_one(shop: Shop, amount: str) -> None:
    shop.write("sales.csv", f"customer;date;amount\nada;2026-01-05;{amount}\n")

    outcome = shop.purchases("sales.csv", "--decimal-comma")

    assert outcome.errors == [f"2,amount,\"'{amount}' is no amount: write it like 29,33.\""]


def test_numbers_of_json_are_what_they_are_also_where_texts_have_commas(shop: Shop) -> None:
    shop.write(
        "sales.jsonl",
        '{"type": "visit", "member": "a", "at": "2026-01-05", "amount": 29.90}\n'
        '{"type": "visit", "member": "b", "at": "2026-01-05", "amount": "29,90"}\n',
    )

    assert shop.run("sales.jsonl", "--decimal-comma").code == 0
    assert [shop.intake.of(who)[0]["amount"] for who in "ab"] == ["29.90", "29.90"]


@pytest.mark.parametrize("sign", [";;", "\\t", "\n", '"'])
def test_a_delimiter_that_is_none_is_refused(shop: Shop, sign: str) -> None:
    shop.write("sales.csv", THREE)

    outcome = shop.purchases("sales.csv", "--delimiter", sign)

    assert (outcome.code, outcome.said.splitlines()[0][:12]) == (2, "--delimiter ")


def test_a_file_in_another_encoding_is_told_apart_from_one_without_the_column(shop: Shop) -> None:
    shop.write("sales.csv", THREE.encode("utf-16"))

    outcome = shop.purchases("sales.csv")

    assert outcome.code == 2
    assert "no header in UTF-8" in outcome.said


@pytest.mark.parametrize(
    "line",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"type": "visit", "member": "\\ud800", "at": "2026-01-05"}',
    ],
)
def test_json_that_cannot_be_read_or_sent_spoils_its_line_only(shop: Shop, line: str) -> None:
    good = '{"type": "visit", "member": "ada", "at": "2026-01-05"}'
    shop.write("visits.jsonl", f"{line}\n{good}\n")

    outcome = shop.run("visits.jsonl")

    assert outcome.code == 1
    assert [error.split(",")[0] for error in outcome.errors] == ["1"]
    assert len(shop.intake.of("ada")) == 1


def test_errors_that_cannot_be_written_are_known_before_anything_is_sent(shop: Shop) -> None:
    shop.write("sales.csv", THREE + "ada,2026-01-05,ten\n")

    outcome = shop.purchases("sales.csv", "--errors", "nowhere/errors.csv")

    assert outcome.code == 2
    assert outcome.said.startswith("nowhere/errors.csv cannot be written: No such file")
    assert shop.intake.count == 0


def test_a_disk_that_is_full_ends_the_import_with_a_sentence(shop: Shop) -> None:
    shop.write("sales.csv", THREE + "ada,2026-01-05,ten\n")
    (shop.folder / "full.csv").symlink_to("/dev/full")

    outcome = shop.purchases("sales.csv", "--errors", "full.csv")

    assert outcome.code == 1
    assert outcome.said.startswith("full.csv cannot be written: No space left on device.")


def test_errors_may_go_to_a_device_which_stays_what_it_is(shop: Shop) -> None:
    shop.write("sales.csv", THREE + "ada,2026-01-05,ten\n")
    sink = shop.folder / "sink"
    sink.symlink_to("/dev/null")

    outcome = shop.purchases("sales.csv", "--errors", "sink")

    assert (outcome.code, "3 accepted" in outcome.said) == (1, True)
    assert sink.is_symlink()


@pytest.mark.parametrize("part", ['"lines": {"sku": "LP"}', '"data": [1]', '"data": "x"'])
def test_parts_of_json_that_are_of_another_kind_are_refused_and_not_sent_as_values(
    shop: Shop, part: str
) -> None:
    shop.write("sales.jsonl", f'{{"type": "visit", "member": "ada", "at": "2026-01-05", {part}}}\n')

    outcome = shop.run("sales.jsonl")

    assert outcome.code == 1
    (error,) = outcome.errors
    assert error.startswith(f"1,{part[1:5].rstrip(chr(34))}")
    assert shop.intake.count == 0
