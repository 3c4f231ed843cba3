"""Logs of a process: one line each on stderr, as JSON for machines or as text for a terminal.

Our own lines and those of libraries take the same form. Drivers stay at WARNING whatever is asked
for, because at DEBUG they write out the commands they send, and with them what members are called.
"""

import logging
import re
import sys
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from guerdon.settings import Settings

_DRIVERS = frozenset({"pymongo", "bson", "motor", "redis"})
_WORD = re.compile(r"[A-Z]{3,}(?= )")
"""How a refusal of Redis begins (DENIED, MISCONF): the server's own word, never what was sent."""
_TALKATIVE = ("pymongo", "motor", "redis", "asyncio", "urllib3", "websockets")


def _tracebacks() -> structlog.typing.Processor:
    """Tell where an exception came from, but not what its variables held: members, keys, tokens.

    What the drivers' exceptions say is left out too: they quote the documents they were given.
    """
    told = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)

    def discreet(exc_info: tuple[type[BaseException], BaseException, Any]) -> list[dict[str, Any]]:
        found = told(exc_info)
        drivers = set[str]()
        error: BaseException | None = exc_info[1]
        while error is not None:
            if type(error).__module__.partition(".")[0] in _DRIVERS:
                drivers.add(type(error).__name__)
            error = error.__cause__ or error.__context__
        for each in found:
            if each["exc_type"] in drivers:
                word = (
                    _WORD.match(each["exc_value"]) if each["exc_type"] == "ResponseError" else None
                )
                said = f"{word[0]} " if word else ""
                each["exc_value"] = f"{said}(not told: it may quote documents)"
        return found

    return structlog.processors.ExceptionRenderer(discreet)


def _tells_no_address(record: logging.LogRecord) -> bool:
    """Leave out uvicorn's lines about each socket: they name the member's address."""
    told = str(record.msg)
    return record.name != "uvicorn.error" or not ("WebSocket" in told or "connection " in told)


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
        [_tracebacks(), structlog.processors.JSONRenderer()]
        if settings.log_format == "json"
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
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
