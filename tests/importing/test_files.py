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
