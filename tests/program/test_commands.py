"""The commands `rehearse` and `program check`, as they are typed."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from guerdon.cli import app
from program.documents import PROGRAM

GOOD = (
    PROGRAM
    + """\
activities:
  - {id: e1, at: "2026-01-01T09:00:00Z", type: enrollment, member: ada}
expect:
  - {activity: e1, result: accepted}
  - {at: "2026-01-01T10:00:00Z", member: ada, wallets: {points: {spendable: 0}}}
"""
)
WRONG = GOOD.replace("spendable: 0", "spendable: 1")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "wrong.yaml").write_text(WRONG)
    (tmp_path / "broken.yaml").write_text(GOOD.replace("cost: 10", "cots: 10"))
    (tmp_path / "warned.yaml").write_text(GOOD.replace("{rate: 1}", "{rate: 0}"))
    return tmp_path


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    return result.exit_code, result.output


def test_a_scenario_that_holds_is_one_line(files: Path) -> None:
    assert run("rehearse", files / "good.yaml") == (0, f"ok {files}/good.yaml, 2 checks\n")


def test_a_scenario_that_fails_is_told_and_ends_with_1(files: Path) -> None:
    code, output = run("rehearse", files / "good.yaml", files / "wrong.yaml")
    assert code == 1
    lines = output.splitlines()
    assert lines[1] == f"FAIL {files}/wrong.yaml"
    assert lines[2].endswith("2026-01-01T10:00:00Z: ada.wallets.points.spendable")
    assert lines[3] == "    expected 1, found 0"


def test_a_scenario_with_mistakes_names_them(files: Path) -> None:
    code, output = run("rehearse", files / "broken.yaml")
    assert code == 1
    assert ": `cots` is no key of a reward. Did you mean `cost`?" in output


def test_a_rehearsal_can_be_printed_as_json(files: Path) -> None:
    code, output = run("rehearse", "--json", files / "good.yaml", files / "wrong.yaml")
    assert code == 1
    good, wrong = json.loads(output)
    assert (good["ok"], good["checks"]) == (True, 2)
    assert wrong["mismatches"][0]["expected"] == "1"


def test_a_rehearsal_can_be_written_for_continuous_integration(files: Path) -> None:
    report = files / "report.xml"
    assert run("rehearse", "--junit", report, files / "good.yaml", files / "wrong.yaml")[0] == 1
    suite = ET.parse(report).getroot()
    assert suite.attrib["tests"] == "2"
    assert suite.attrib["failures"] == "1"
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert "expected 1, found 0" in (failure.text or "")


@pytest.mark.parametrize("command", [("rehearse",), ("program", "check")])
def test_a_file_that_is_not_there_ends_with_2(files: Path, command: tuple[str, ...]) -> None:
    code, output = run(*command, files / "nothing.yaml")
    assert code == 2
    assert "nothing.yaml cannot be read: No such file or directory." in output


def test_files_behind_one_that_cannot_be_read_are_played_and_told_too(files: Path) -> None:
    report = files / "report.xml"
    (files / "utf16.yaml").write_bytes(GOOD.encode("utf-16"))
    names = ("nothing.yaml", "good.yaml", "utf16.yaml", "wrong.yaml")
    code, output = run("rehearse", "--junit", report, *(files / name for name in names))

    assert code == 2
    assert output.splitlines()[:5] == [
        f"FAIL {files}/nothing.yaml",
        f"  {files}/nothing.yaml cannot be read: No such file or directory.",
        f"ok {files}/good.yaml, 2 checks",
        f"FAIL {files}/utf16.yaml",
        f"  {files}/utf16.yaml is not UTF-8 text. Save it as UTF-8.",
    ]
    assert f"FAIL {files}/wrong.yaml" in output
    assert ET.parse(report).getroot().attrib["failures"] == "3"


def test_files_behind_one_that_the_stack_refuses_are_played_too(
    files: Path, mongo_url: str, redis_url: str
) -> None:
    (files / "long.yaml").write_text(GOOD.replace("id: shop", f"id: {'s' * 64}"))
    on = ("--through", "stack", "--mongo", mongo_url, "--redis", redis_url)

    code, output = run("rehearse", *on, files / "long.yaml", files / "good.yaml")

    lines = output.splitlines()
    assert code == 1
    assert lines[0] == f"FAIL {files}/long.yaml"
    assert "63" in lines[1]
    assert lines[-1] == f"ok {files}/good.yaml, 2 checks"


def test_checking_a_right_program_says_so(files: Path) -> None:
    good = files / "good.yaml"

    assert run("program", "check", good) == (0, f"{good}: no mistakes.\n")


def test_checking_names_each_mistake_with_file_line_column_and_path(files: Path) -> None:
    code, output = run("program", "check", files / "broken.yaml")
    assert code == 1
    assert output.splitlines()[0] == (
        f"{files}/broken.yaml:26:27 program.rewards.mug.cots: "
        "`cots` is no key of a reward. Did you mean `cost`?"
    )


def test_a_warning_is_printed_and_does_not_fail(files: Path) -> None:
    code, output = run("program", "check", files / "warned.yaml")
    assert code == 0
    assert "program.rules[0].give: warning: This rule gives nothing." in output
    assert "warned.yaml: no mistakes, 1 to be thought over." in output
