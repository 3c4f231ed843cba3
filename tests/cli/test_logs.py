"""Log lines have one form, whoever writes them, and drivers cannot be made to tell tales."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from pymongo.errors import WriteError
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


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_exceptions_are_part_of_their_line_and_tell_nobodys_name(
    capsys: pytest.CaptureFixture[str], log_format: str
) -> None:
    configure_logs(settings(log_format=log_format))
    members = {"first": "Ada Lovelace"}

    try:
        members["second"]
    except KeyError:
        structlog.get_logger("guerdon").exception("batch failed")

    said = capsys.readouterr().err
    assert "KeyError" in said
    assert __file__ in said
    assert "Ada" not in said
    if log_format == "json":
        assert json.loads(said)["exception"][0]["exc_type"] == "KeyError"


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_what_several_exceptions_say_is_told_and_what_drivers_say_is_not(
    capsys: pytest.CaptureFixture[str], log_format: str
) -> None:
    configure_logs(settings(log_format=log_format))

    def refused() -> None:
        raise ResponseError("unknown command, with args: Ada")

    def fails() -> None:
        try:
            refused()
        except ResponseError as error:
            raise ExceptionGroup("both", [WriteError("of Ada"), TypeError("ours")]) from error

    try:
        fails()
    except ExceptionGroup:
        structlog.get_logger("guerdon").exception("a turn failed")

    said = capsys.readouterr().err
    assert "Ada" not in said
    assert said.count("(not told: it may quote documents)") == 2
    if log_format == "text":
        _, *told = (line for line in said.splitlines() if f"  {__file__}:" not in line)
        assert told == [
            "ResponseError: (not told: it may quote documents)",
            "and from that:",
            "ExceptionGroup: both (2 sub-exceptions)",
            "  | WriteError: (not told: it may quote documents)",
            "  | TypeError: ours",
        ]


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
