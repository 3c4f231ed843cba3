"""What commands are asked that cannot be: sentences with the fact and the remedy, never a trace."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from guerdon.cli import app
from guerdon.settings import Settings
from worlds import a_world, settings_for


@pytest.fixture
def told(mongo_url: str, mongo_database: str, redis_url: str) -> dict[str, str]:
    """Return the environment of commands in an installation with one program."""
    settings = settings_for(mongo_url=mongo_url, database=mongo_database, redis_url=redis_url)
    asyncio.run(_program(settings))
    return {
        "GUERDON_ENVIRONMENT": "test",
        "GUERDON_MONGO_URL": mongo_url,
        "GUERDON_MONGO_DATABASE": mongo_database,
        "GUERDON_REDIS_URL": redis_url,
        "GUERDON_REDIS_NAMESPACE": settings.redis_namespace,
    }


async def _program(settings: Settings) -> None:
    async with a_world(settings):
        pass


def run(told: dict[str, str], *words: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*map(str, words)], env=told)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("inbox", "list"),
        ("inbox", "replay", "--all"),
        ("webhooks", "list"),
        ("export", "members"),
        ("keys", "list"),
    ],
)
def test_a_program_that_is_not_there_is_named_by_each_command(
    told: dict[str, str], words: tuple[str, ...]
) -> None:
    code, says = run(told, *words, "--program", "bakery")

    assert code == 2
    assert says.startswith("There is no program 'bakery'; there are: ")


@pytest.mark.parametrize(
    "words",
    [
        ("keys", "create", "till", "--role", "partner"),
        ("webhooks", "create", "https://bakery.example.com/hooks"),
    ],
)
def test_nothing_is_made_for_a_partner_whom_the_program_does_not_have(
    told: dict[str, str], words: tuple[str, ...]
) -> None:
    code, says = run(told, *words, "--partner", "bakery")

    assert code == 2
    assert says.startswith("The program has no partner 'bakery'; there are: none.")


def test_a_key_cannot_outlive_what_calendars_show(told: dict[str, str]) -> None:
    assert run(told, "keys", "create", "till", "--days", "3000000")[0] == 2
    assert run(told, "keys", "create", "till", "--days", "36500")[0] == 0
    assert run(told, "keys", "list")[0] == 0


@pytest.mark.parametrize("command", [("program", "create"), ("codes", "import", "pool")])
def test_a_file_that_is_no_text_is_named(
    told: dict[str, str], tmp_path: Path, command: tuple[str, ...]
) -> None:
    path = tmp_path / "file"
    path.write_bytes("program".encode("utf-16"))

    assert run(told, *command, path) == (2, f"{path} is not UTF-8 text. Save it as UTF-8.\n")


def test_a_scenario_whose_programs_path_is_none_is_a_mistake_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "life.yaml"
    path.write_text('program: "a\\0b"\nactivities: []\n')

    done = CliRunner().invoke(app, ["program", "check", str(path)])

    assert done.exit_code == 1
    assert done.stdout.startswith(f"{path}:1:10 program: The program's file")


@pytest.mark.parametrize("words", [("export", "members", "--out"), ("backup",)])
def test_a_place_that_cannot_be_written_is_named(
    told: dict[str, str], tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "file").touch()
    place = tmp_path / "file" / "copy"

    code, says = run(told, *words, place)

    assert (code, says.strip()) == (1, f"{place} cannot be written: Not a directory.")


@pytest.mark.parametrize("words", [("lanes", "list"), ("settings",)])
def test_output_onto_a_full_disk_ends_with_a_sentence(
    told: dict[str, str], words: tuple[str, ...]
) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "guerdon", *words],
            env={"PATH": os.environ["PATH"], **told},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.returncode == 1
    assert "could not be written: No space left on device." in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("option", "name", "code", "says"),
    [
        ("--program", "file", 2, "is not UTF-8 text. Save it as UTF-8."),
        ("--ready-file", "nowhere/ready.json", 2, "cannot be written: there is no folder"),
        ("--data", "file", 1, "cannot hold the data: File exists. Name another folder."),
        ("--data", "file/data", 1, "cannot hold the data: Not a directory. Name another folder."),
    ],
)
def test_a_demo_that_cannot_be_is_refused_before_a_server_starts(
    tmp_path: Path, option: str, name: str, code: int, says: str
) -> None:
    (tmp_path / "file").write_bytes("program".encode("utf-16"))

    done = CliRunner().invoke(app, ["demo", option, str(tmp_path / name)])

    assert (done.exit_code, done.stdout) == (code, "")
    assert done.stderr.startswith(f"{tmp_path / name} {says}")


def test_a_junit_report_is_xml_whatever_files_and_members_are_called(tmp_path: Path) -> None:
    path, report = tmp_path / "odd\x01.scenario.yaml", tmp_path / "report.xml"
    path.write_text(
        "program: {id: a, name: A, money: {unit: USD, scale: 2}}\n"
        "activities:\n"
        '  - {id: v1, type: "\\x08", member: ann, at: 2026-01-05T10:00:00Z}\n'
        "expect: [{activity: v1, result: accepted}]\n"
    )

    done = CliRunner().invoke(app, ["rehearse", str(path), "--junit", str(report)])

    assert done.exit_code == 1
    (case,) = ET.parse(report).getroot()
    assert "odd\N{REPLACEMENT CHARACTER}." in case.attrib["name"]
