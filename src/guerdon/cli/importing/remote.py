"""The service that is imported into, over its public GraphQL API.

The rule: whatever happens on the way, a batch is either answered line by line, or sent again as it
is: ids make repeats harmless. What the service asks for (come back later, smaller requests) is
done; what no repeat can mend ends the import with a sentence.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Any, NamedTuple, Self

import httpx2
import orjson

from guerdon.cli.importing.activities import Activity
from guerdon.cli.importing.lines import json_of
from guerdon.cli.importing.refused import CannotGoOn, LineRefused

PROGRAM = """query ImportInto {
  viewer { role partner { slug } } program { slug name timezone dayStart }
}"""
WAITING = "query Waiting { program { waiting } }"
KNOWN = "query Known($id: String!) { activity(activityId: $id) { id } }"
RECORD = """mutation Import($input: RecordActivitiesInput!) {
  recordActivities(input: $input) { receipts { result reason } problems { message path } }
}"""

ENROLL = """mutation Enroll($input: EnrollMemberInput!) {
  enrollMember(input: $input) { member { displayName attributes } problems { code message path } }
}"""
UPDATE = """mutation Update($input: UpdateMemberInput!) {
  updateMember(input: $input) { member { displayName attributes } problems { code message path } }
}"""

_LINES_MAX = 1_000  # the API takes no more in one request
_NO_RIGHTS = {"UNAUTHENTICATED", "FORBIDDEN"}
_THERE = "ALREADY_ENROLLED"
_TOO_LARGE = "PAYLOAD_TOO_LARGE"
_WRONG_LINE = {"BAD_USER_INPUT", _TOO_LARGE}
_TRY_AGAIN = {429, 500, 502, 503, 504}


class Receipt(NamedTuple):
    """What became of one activity; `path` leads to what is wrong with it."""

    result: str
    reason: str = ""
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The program that a credential belongs to; `reporter` tells credentials apart."""

    slug: str
    name: str
    timezone: str
    day_start: str
    reporter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to try again: pauses double from the first to the longest, until all is up."""

    first_seconds: float = 0.2
    longest_seconds: float = 5
    all_seconds: float = 120
    answer_seconds: float = 60


class _Refused(Exception):
    """The service refused a request as a whole."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)


class Remote:
    """Connections to one endpoint with one key, kept open."""

    def __init__(
        self, url: str, key: str, *, connections: int, patience: Patience | None = None
    ) -> None:
        self._url = url
        self._patience = patience or Patience()
        self._lines_max = _LINES_MAX
        self._client = httpx2.AsyncClient(
            headers={
                "authorization": f"Bearer {key}",
                "accept": "application/graphql-response+json",
                "content-type": "application/json",
            },
            timeout=httpx2.Timeout(self._patience.answer_seconds, connect=10),
            limits=httpx2.Limits(
                max_connections=connections, max_keepalive_connections=connections
            ),
        )

    async def __aenter__(self) -> Self:
        """Open the client."""
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close all connections."""
        await self._client.__aexit__(kind, error, at)

    async def target(self) -> Target:
        """Return where the activities will go."""
        answer = await self._ask(PROGRAM)
        viewer, program = answer["viewer"], answer["program"]
        partner = (viewer["partner"] or {}).get("slug", "")
        return Target(
            slug=program["slug"],
            name=program["name"],
            timezone=program["timezone"],
            day_start=program["dayStart"],
            reporter=f"partner:{partner}" if partner else "service",
        )

    async def waiting(self) -> int:
        """Return how many accepted activities are not decided yet."""
        answer = await self._ask(WAITING)
        return int(answer["program"]["waiting"])

    async def knows(self, activity_id: str) -> bool:
        """Whether the service has ever taken this activity from us."""
        answer = await self._ask(KNOWN, {"id": activity_id})
        return answer["activity"] is not None

    async def record(self, activities: Sequence[Activity]) -> list[Receipt]:
        """Report activities and return what became of each, in order."""
        receipts: list[Receipt] = []
        while len(receipts) < len(activities):
            done = len(receipts)
            receipts += await self._record(activities[done : done + self._lines_max])
        return receipts

    async def enroll(self, person: dict[str, Any]) -> dict[str, Any] | None:
        """Enroll somebody and return the member; None for who takes part already.

        Raises:
            LineRefused: The service does not take them.
        """
        return await self._change(ENROLL, "enrollMember", person)

    async def update(self, change: dict[str, Any]) -> dict[str, Any]:
        """Change a member's profile, and return the member.

        Raises:
            LineRefused: The service does not take it.
        """
        return await self._change(UPDATE, "updateMember", change) or {}

    async def _change(self, query: str, name: str, change: dict[str, Any]) -> dict[str, Any] | None:
        try:
            payload = (await self._send(query, {"input": change}))[name]
        except _Refused as refused:
            if refused.code not in _WRONG_LINE:
                raise CannotGoOn(refused.message) from None
            raise LineRefused("", refused.message) from None
        for problem in payload["problems"]:
            if problem["code"] == _THERE:
                return None
            raise LineRefused(".".join(problem["path"] or ()), problem["message"])
        member: dict[str, Any] = payload["member"] or {}
        return member

    async def _record(self, activities: Sequence[Activity]) -> list[Receipt]:
        """Report what fits into one request; in parts where the service wants it so."""
        try:
            answer = await self._send(RECORD, {"input": {"activities": activities}})
        except _Refused as refused:
            if refused.code not in _WRONG_LINE:
                raise CannotGoOn(refused.message) from None
            if len(activities) == 1:
                return [Receipt("REJECTED", refused.message)]
            half = len(activities) // 2
            if refused.code == _TOO_LARGE:
                self._lines_max = half  # further requests fit at once
            # Otherwise one of these lines is not to the service's liking: find out which.
            first = await self.record(activities[:half])
            return first + await self.record(activities[half:])
        return _receipts(answer["recordActivities"])

    async def _ask(self, query: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            return await self._send(query, variables or {})
        except _Refused as refused:
            raise CannotGoOn(refused.message) from None

    async def _send(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Send until there is an answer, and return its data.

        Raises:
            CannotGoOn: There was none for too long, or the key is not accepted.
        """
        try:
            body = json_of({"query": query, "variables": variables})
        except TypeError as error:
            raise _Refused("BAD_USER_INPUT", f"cannot be sent as JSON: {error}.") from None
        patience = self._patience
        deadline = time.monotonic() + patience.all_seconds
        pause = patience.first_seconds
        while True:
            try:
                response = await self._client.post(self._url, content=body)
                found = self._read(response)
            except httpx2.TransportError as error:
                found = _Again(f"{self._url} cannot be reached ({type(error).__name__}).")
            if not isinstance(found, _Again):
                return found
            wait = max(found.seconds, pause * (0.5 + random.random() / 2))  # noqa: S311
            if time.monotonic() + wait > deadline:
                raise CannotGoOn(f"{found.why} Given up after {patience.all_seconds:.0f} s.")
            await asyncio.sleep(wait)
            pause = min(2 * pause, patience.longest_seconds)

    def _read(self, response: httpx2.Response) -> "dict[str, Any] | _Again":
        """Return the data of an answer, or when to ask again."""
        try:
            answer = orjson.loads(response.content)
            errors = answer.get("errors") or []
        except (orjson.JSONDecodeError, AttributeError):
            answer, errors = {}, []
        if not errors and response.is_success and "data" in answer:
            data: dict[str, Any] = answer["data"]
            return data
        message = errors[0]["message"] if errors else f"answered {response.status_code}"
        extensions = (errors[0].get("extensions") if errors else None) or {}
        code = extensions.get("code", "")
        pause = response.headers.get("retry-after") or extensions.get("retryAfter")
        if pause is not None or response.status_code in _TRY_AGAIN:
            return _Again(f"{self._url}: {message}", _seconds(pause))
        raise self._end(response.status_code, code, message)

    def _end(self, status: int, code: str, message: str) -> "_Refused | CannotGoOn":
        """Return what a refusal means that no repeat can mend."""
        if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return _Refused(_TOO_LARGE, message)
        if code in _WRONG_LINE:
            return _Refused(code, message)
        if status in {401, 403} or code in _NO_RIGHTS:
            return CannotGoOn(f"The key is not accepted: {message}")
        return CannotGoOn(f"{self._url} is not the API that is expected: {message}")


class _Again(NamedTuple):
    """The request may succeed later, at the earliest after `seconds`."""

    why: str
    seconds: float = 0


def _seconds(pause: object) -> float:
    try:
        return min(60.0, max(0.0, float(str(pause))))
    except ValueError:
        return 1.0


def _receipts(payload: dict[str, Any]) -> list[Receipt]:
    """Return one receipt a line, with the sentence that says what is wrong with it."""
    receipts = [Receipt(it["result"], it["reason"] or "") for it in payload["receipts"]]
    for problem in payload["problems"]:
        _, position, *path = problem["path"]
        result, reason, _ = receipts[int(position)]
        receipts[int(position)] = Receipt(result, f"{reason}: {problem['message']}", tuple(path))
    return receipts
