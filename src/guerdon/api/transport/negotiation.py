"""Which form an answer takes: media types by the Accept header, status codes by the edition.

The rule: a stream is chosen only where it ranks above JSON or where the operation needs one.
Several clients list `text/event-stream` last on every request and mean "if you must".
"""

from dataclasses import dataclass
from functools import lru_cache

from guerdon.api.transport.errors import Refused

GRAPHQL_JSON = "application/graphql-response+json"
PLAIN_JSON = "application/json"
EVENT_STREAM = "text/event-stream"
MULTIPART = "multipart/mixed"
HTML = "text/html"

_EXACT = 3
_CACHED_BYTES_MAX = 500


@dataclass(frozen=True, slots=True)
class Range:
    """One entry of an Accept header."""

    kind: str
    subtype: str
    quality: float
    position: int
    parameters: tuple[tuple[str, str], ...]

    def specificity(self, media_type: str) -> int:
        """Return how closely this entry names `media_type`; 0 where it does not."""
        kind, _, subtype = media_type.partition("/")
        if self.kind == "*" and self.subtype == "*":
            return 1
        if self.kind != kind:
            return 0
        return 2 if self.subtype == "*" else _EXACT * (self.subtype == subtype)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a client can read, decided once for each distinct Accept header.

    `json` is the media type for single answers, or nothing where none is acceptable; `stream` is
    the one for subscriptions. `stream_first` says that even a single answer goes as a stream,
    `instalments` that it may come in parts.
    """

    json: str | None
    stream: str | None
    stream_first: bool
    instalments: bool
    html: bool


Rank = tuple[float, bool, int]
"""Quality, whether the type is named rather than matched by a wildcard, and how early."""

_UNACCEPTABLE: Rank = (0.0, False, -1_000_000)


def read_accept(header: bytes) -> Accepted:
    """Return what an Accept header permits; an absent one permits plain JSON, as before 2025."""
    return _accepted(header) if len(header) <= _CACHED_BYTES_MAX else _accepted.__wrapped__(header)


@lru_cache(maxsize=512)
def _accepted(header: bytes) -> Accepted:
    if not header.strip():
        return Accepted(PLAIN_JSON, None, stream_first=False, instalments=False, html=False)
    ranges = _ranges(header.decode("latin-1"))
    plain, modern = _rank(ranges, PLAIN_JSON), _rank(ranges, GRAPHQL_JSON)
    events = _rank(ranges, EVENT_STREAM, named=True)
    parts = _rank([it for it in ranges if _is_for_subscriptions(it)], MULTIPART, named=True)
    best_json = max(plain, modern)
    best_stream = max(events, parts)
    return Accepted(
        json=_if_acceptable(best_json, GRAPHQL_JSON if modern > plain else PLAIN_JSON),
        stream=_if_acceptable(best_stream, EVENT_STREAM if events >= parts else MULTIPART),
        stream_first=events[0] > best_json[0],
        instalments=any(_is_for_instalments(it) for it in ranges),
        html=_rank(ranges, HTML, named=True) > best_json,
    )


def _rank(ranges: list[Range], media_type: str, *, named: bool = False) -> Rank:
    """Return the rank of `media_type`; the most specific entry that matches it decides.

    `named` ignores wildcards: nobody who writes `*/*` asks for a stream or a page.
    """
    matching = [(it.specificity(media_type), -it.position, it.quality) for it in ranges]
    matching = [entry for entry in matching if entry[0] >= (_EXACT if named else 1)]
    if not matching:
        return _UNACCEPTABLE
    specificity, earliness, quality = max(matching)
    return (quality, specificity == _EXACT, earliness) if quality > 0 else _UNACCEPTABLE


def _if_acceptable(rank: Rank, media_type: str) -> str | None:
    return media_type if rank > _UNACCEPTABLE else None


def _is_for_subscriptions(entry: Range) -> bool:
    return ("subscriptionspec", "1.0") in entry.parameters


def _is_for_instalments(entry: Range) -> bool:
    """Tell whether a client reads the newest form of `@defer`; older ones name another."""
    is_multipart = f"{entry.kind}/{entry.subtype}" == MULTIPART and entry.quality > 0
    names = dict(entry.parameters)
    return is_multipart and (names.keys() <= {"boundary"} or names.get("incrementalspec") == "v0.2")


def _ranges(header: str) -> list[Range]:
    return [
        entry
        for position, text in enumerate(header.split(","))
        if (entry := _range(text, position)) is not None
    ]


def _range(text: str, position: int) -> Range | None:
    media_type, *rest = (part.strip() for part in text.split(";"))
    kind, slash, subtype = media_type.lower().partition("/")
    if not slash:
        return None
    quality = 1.0
    parameters = []
    for part in rest:
        name, _, value = (it.strip().strip('"').lower() for it in part.partition("="))
        if name == "q":
            quality = _quality(value)
        else:
            parameters.append((name, value))
    return Range(kind, subtype, quality, position, tuple(parameters))


def _quality(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0


def status_of(refused: Refused, *, edition: str, json: str) -> int:
    """Return the status code of a refusal in the edition that the operator chose."""
    if edition == "draft":
        return refused.status
    if refused.is_graphql:
        return 200 if json == PLAIN_JSON else 400
    return 400 if refused.status == 422 else refused.status  # noqa: PLR2004


def media_type_of(status: int, *, edition: str, json: str) -> str:
    """Return the media type of an answer: the draft relabels only what succeeded."""
    if edition == "draft" and not 200 <= status < 300:  # noqa: PLR2004
        return GRAPHQL_JSON
    return json
