"""A stand-in for the service, as far as an import sees it: it keeps what was reported, by id.

It answers by the contract (`recordActivities`, `program`, `viewer`, `activity`), and its faults can
be switched on. Whether the real service answers so is shown by tests/acceptance.
"""

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

Answer = tuple[int, dict[str, str], dict[str, Any]]
Fault = Callable[[list[dict[str, Any]]], Answer | None]

KEY = "gk_test_intake_secret"


@dataclass(slots=True)
class Intake:
    """What was reported, in order of arrival; `faults` are asked, the first of them, per batch."""

    timezone: str = "America/New_York"
    day_start: str = "00:00"
    waiting: list[int] = field(default_factory=list)
    activities: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[int] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    rejects: Callable[[dict[str, Any]], tuple[str, str, list[str]] | None] = lambda _: None
    arrived: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        intake = self

        class Door(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers["authorization"] != f"Bearer {KEY}":
                    status, headers, answer = _refusal(401, "UNAUTHENTICATED", "Unknown key.")
                else:
                    status, headers, answer = intake.answer(json.loads(body, parse_float=Decimal))
                written = json.dumps(answer, default=str).encode()
                self.send_response(status)
                for name, value in {**headers, "content-length": str(len(written))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(written)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        assert self._server
        return f"http://127.0.0.1:{self._server.server_address[1]}/graphql"

    @property
    def count(self) -> int:
        return len(self.activities)

    def of(self, member: str) -> list[dict[str, Any]]:
        """Return what was reported of a member, in order of arrival."""
        return [
            activity
            for activity in self.activities.values()
            if activity["member"]["externalId"] == member
        ]

    def answer(self, asked: dict[str, Any]) -> Answer:
        query, variables = asked["query"], asked["variables"]
        if "recordActivities" in query:
            return self._record(variables["input"]["activities"])
        if "activity(" in query:
            known = variables["id"] in self.activities
            return _done({"activity": {"id": variables["id"]} if known else None})
        if "waiting" in query:
            return _done({"program": {"waiting": self.waiting.pop(0) if self.waiting else 0}})
        program = {"slug": "shop", "name": "Shop", "timezone": self.timezone}
        return _done(
            {
                "viewer": {"role": "SERVICE", "partner": None},
                "program": program | {"dayStart": self.day_start},
            }
        )

    def _record(self, activities: list[dict[str, Any]]) -> Answer:
        with self._lock:
            self.requests.append(len(activities))
            self.arrived.set()
            if self.faults:
                fault = self.faults.pop(0)(activities)
                if fault is not None:
                    return fault
            receipts, problems = [], []
            for position, activity in enumerate(activities):
                result, reason, path = self._judge(activity)
                receipts.append({"result": result, "reason": reason or None})
                if path:
                    where = ["activities", str(position), *path]
                    problems.append({"message": "It cannot be so.", "path": where})
        return _done({"recordActivities": {"receipts": receipts, "problems": problems}})

    def _judge(self, activity: dict[str, Any]) -> tuple[str, str, list[str]]:
        if refused := self.rejects(activity):
            return refused
        known = self.activities.setdefault(activity["activityId"], activity)
        if known is activity:
            return "PENDING", "", []
        return ("DUPLICATE", "", []) if known == activity else ("CONFLICT", "payload_differs", [])


def _done(answer: dict[str, Any]) -> Answer:
    return 200, {}, {"data": answer}


def _refusal(status: int, code: str, message: str, **headers: str) -> Answer:
    named = {re.sub("_", "-", name): value for name, value in headers.items()}
    return status, named, {"errors": [{"message": message, "extensions": {"code": code}}]}


def refusing(status: int, code: str, message: str = "No.", **headers: str) -> Fault:
    """Return a fault that refuses the whole request."""
    return lambda _: _refusal(status, code, message, **headers)
