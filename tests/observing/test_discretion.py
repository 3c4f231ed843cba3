"""Logs of a whole story, at their most talkative, tell nothing of whom it concerns."""

import json

from observing.conftest import EXTERNAL, NAME, ROLES, Installation

SECRETS = (NAME, "Wilhelmina", EXTERNAL, "tell-tale", "n@n.example", "4111111111111111")


def test_no_log_line_holds_a_name_a_key_or_what_was_reported(installation: Installation) -> None:
    written = {role: installation.logs[role].read_text() for role in ROLES}
    key, secret = installation.key, installation.key.rpartition("_")[2]

    for role, text in written.items():
        for told in (*SECRETS, key, secret):
            assert told.lower() not in text.lower(), f"{role} tells {told!r}"
        for line in text.splitlines():
            assert {"event", "level", "logger", "timestamp"} <= json.loads(line).keys()


def test_no_metric_holds_a_name_or_a_key(installation: Installation) -> None:
    shown = installation.metrics().lower()

    assert not [told for told in (*SECRETS, installation.key) if told.lower() in shown]
