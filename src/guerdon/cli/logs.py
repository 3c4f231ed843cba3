"""Logs of a process: one line each on stderr, as JSON for machines or as text for a terminal.

Our own lines and those of libraries take the same form. Drivers stay at WARNING whatever is asked
for, because at DEBUG they write out the commands they send, and with them what members are called.
"""

import logging
import re
import sys
from collections.abc import Callable, Iterator
from textwrap import indent
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from guerdon.settings import Settings

_DRIVERS = frozenset({"pymongo", "bson", "motor", "redis"})
_WORD = re.compile(r"[A-Z]{3,}(?= )")
"""How a refusal of Redis begins (DENIED, MISCONF): the server's own word, never what was sent."""
_TALKATIVE = ("pymongo", "motor", "redis", "asyncio", "urllib3", "websockets")


Told = list[dict[str, Any]]
"""An exception and what it came from, the last one first; see structlog's transformer."""


def _tracebacks(written: Callable[[Told], Any]) -> structlog.typing.Processor:
    """Tell where an exception came from, but not what its variables held: members, keys, tokens.

    What the drivers' exceptions say is left out too: they quote the documents they were given.
    """
    told = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)

    def discreet(exc_info: tuple[type[BaseException], BaseException, Any]) -> Any:
        found = told(exc_info)
        _leave_out(found, _of_drivers(exc_info[1]))
        return written(found)

    return structlog.processors.ExceptionRenderer(discreet)


def _of_drivers(error: BaseException) -> set[str]:
    """Return which exceptions among this, its causes and what it groups are drivers'."""
    found, seen = set[str](), set[int]()
    left: list[BaseException | None] = [error]
    while left:
        each = left.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        if type(each).__module__.partition(".")[0] in _DRIVERS:
            found.add(type(each).__name__)
        left += [each.__cause__, each.__context__]
        left += each.exceptions if isinstance(each, BaseExceptionGroup) else ()
    return found


def _leave_out(found: Told, drivers: set[str]) -> None:
    """Leave out what the drivers' exceptions say, but for the server's own word."""
    for each in found:
        if each["exc_type"] in drivers:
            word = _WORD.match(each["exc_value"]) if each["exc_type"] == "ResponseError" else None
            said = f"{word[0]} " if word else ""
            each["exc_value"] = f"{said}(not told: it may quote documents)"
        for grouped in each["exceptions"]:
            _leave_out(grouped, drivers)


def _as_text(found: Told) -> str:
    """Return the exceptions as a terminal shows them, what came first above."""
    return "\nand from that:\n".join("\n".join(_lines(each)) for each in reversed(found))


def _lines(told: dict[str, Any]) -> Iterator[str]:
    for frame in told["frames"]:
        yield f"  {frame['filename']}:{frame['lineno']} in {frame['name']}"
    yield f"{told['exc_type']}: {told['exc_value']}"
    for grouped in told["exceptions"]:
        yield indent(_as_text(grouped), "  | ")


def _as_it_is(found: Told) -> Told:
    return found


def _tells_no_address(record: logging.LogRecord) -> bool:
    """Leave out uvicorn's lines about each socket: they name the member's address."""
    told = str(record.msg)
    return record.name != "uvicorn.error" or not ("WebSocket" in told or "connection " in told)


def _for_a_terminal() -> structlog.dev.ConsoleRenderer:
    """Return what writes lines for people, tracebacks as they were made above."""
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )


def configure_logs(settings: "Settings") -> None:
    """Send every log line of this process through one formatter."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    ending: list[structlog.typing.Processor] = (
        [_tracebacks(_as_it_is), structlog.processors.JSONRenderer()]
        if settings.log_format == "json"
        else [_tracebacks(_as_text), _for_a_terminal()]
    )
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
        )
    )
    lines.addFilter(_tells_no_address)
    logging.basicConfig(handlers=[lines], level=level, force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
