"""Log lines have one form, whoever writes them, and drivers cannot be made to tell tales."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from redis.exceptions import ResponseError

from guerdon.cli.logs import configure_logs
from guerdon.settings import Settings


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    for name in ("uvicorn", "uvicorn.error"):
        # A server that another test ran in this process may have taken its lines elsewhere.
        logger = logging.getLogger(name)
        logger.handlers[:], logger.propagate, logger.disabled = [], True, False
        logger.setLevel(logging.NOTSET)
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def settings(**given: str) -> Settings:
    return Settings.load(mongo_url="mongodb://db.example", redis_url="redis://c.example", **given)


def test_our_lines_and_those_of_libraries_are_json_alike(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs(settings(log_level="info"))

    structlog.get_logger("guerdon.engine").info("lane scored", lane=17, activities=3)
    logging.getLogger("uvicorn.error").warning("port %d is slow", 8000)

    ours, theirs = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert ours.pop("timestamp") <= theirs.pop("timestamp")
    assert ours == {
        "event": "lane scored",
        "lane": 17,
        "activities": 3,
        "level": "info",
        "logger": "guerdon.engine",
    }
    assert theirs == {
        "event": "port 8000 is slow",
        "level": "warning",
        "logger": "uvicorn.error",
    }


def test_drivers_do_not_write_out_their_commands_at_debug(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs(settings(log_level="debug"))

    logging.getLogger("pymongo.command").debug("insert Ada Lovelace")
    logging.getLogger("guerdon.stores").debug("ours")

    said = capsys.readouterr().err
    assert "ours" in said
    assert "Ada" not in said


def test_exceptions_are_part_of_their_line_and_tell_nobodys_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs(settings())
    members = {"first": "Ada Lovelace"}

    try:
        members["second"]
    except KeyError:
        structlog.get_logger("guerdon").exception("batch failed")

    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["exception"][0]["exc_type"] == "KeyError"
    assert "Ada" not in line


def test_lines_about_sockets_which_name_addresses_are_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs(settings())
    uvicorn = logging.getLogger("uvicorn.error")

    uvicorn.info('%s - "WebSocket %s" [accepted]', "192.0.2.7:5000", "/graphql")
    uvicorn.info("connection open")
    uvicorn.info("Shutting down")

    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "Shutting down"


def test_a_refusal_of_redis_says_its_first_word_and_no_more(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs(settings())

    for text in ("DENIED Ada Lovelace", "unknown command, with args: Ada"):
        structlog.get_logger("guerdon").error("not heard", exc_info=ResponseError(text))

    lines = capsys.readouterr().err.splitlines()
    told = [json.loads(line)["exception"][0]["exc_value"] for line in lines]
    assert told == [f"{word}(not told: it may quote documents)" for word in ("DENIED ", "")]
