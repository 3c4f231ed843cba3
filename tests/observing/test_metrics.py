"""What a running installation shows, and that dashboards and alerts ask for nothing else."""

import json
import re
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML

from guerdon.observing.metrics import Metrics
from observing.conftest import ROLES, Installation, until

OF_PROMETHEUS = {"up"}
NAMES = re.compile(r"\b(?:guerdon|process|python)_[a-z0-9_]+\b|\bup\b")


def shown(text: str) -> set[str]:
    """Return every name under which a series may be asked for."""
    names: set[str] = set()
    for family in text_string_to_metric_families(text):
        names.add(family.name)
        if family.type == "counter":
            names.add(f"{family.name}_total")
        if family.type == "histogram":
            names |= {f"{family.name}_{end}" for end in ("bucket", "sum", "count")}
    return names


def dashboards(root: Path) -> list[Path]:
    return sorted((root / "k8s" / "monitoring" / "dashboards").glob("*.json"))


def rules(root: Path) -> list[dict[str, Any]]:
    found = YAML(typ="safe").load(root / "k8s" / "monitoring" / "alerts.yaml")
    return [rule for group in found["groups"] for rule in group["rules"]]


def asked(root: Path) -> dict[str, set[str]]:
    """Return the metrics that each dashboard and alert names."""
    found = {}
    for path in dashboards(root):
        panels = json.loads(path.read_text())["panels"]
        exprs = [target["expr"] for panel in panels for target in panel.get("targets", ())]
        assert exprs, f"{path.name} shows nothing"
        found[path.name] = set(NAMES.findall(" ".join(exprs)))
    for rule in rules(root):
        found[rule["alert"]] = set(NAMES.findall(rule["expr"]))
    return found


def test_every_metric_of_a_dashboard_or_an_alert_is_shown_by_a_running_process(
    installation: Installation, root: Path
) -> None:
    there = shown(installation.metrics()) | OF_PROMETHEUS
    lacking = {name: names - there for name, names in asked(root).items() if names - there}

    assert lacking == {}
    assert all(asked(root).values()), "each asks for something"


def test_a_story_is_counted_where_it_happened(installation: Installation) -> None:
    api = installation.page("serve", "/metrics")

    assert 'guerdon_activities_taken_total{program="shop",result="pending"} 3.0' in api
    assert 'guerdon_activities_taken_total{program="shop",result="duplicate"} 2.0' in api
    assert 'guerdon_operations_total{kind="mutation",outcome="ok"} 3.0' in api
    work = installation.page("work", "/metrics")
    assert 'guerdon_activities_decided_total{program="shop",result="rejected"} 1.0' in work
    assert 'guerdon_batch_activities_count{program="shop"}' in work


def test_the_scheduler_shows_what_waits_and_the_last_audit(installation: Installation) -> None:
    def has_audited() -> bool:
        return 'guerdon_audit_offences{program="shop"} 0.0' in installation.page(
            "schedule", "/metrics"
        )

    until(has_audited)
    until(
        lambda: (
            'guerdon_inbox_activities{program="shop"} 0.0'
            in installation.page("schedule", "/metrics")
        )
    )


@pytest.mark.parametrize("role", ROLES)
def test_every_process_says_that_it_lives_and_is_ready(
    installation: Installation, role: str
) -> None:
    assert json.loads(installation.page(role, "/healthz")) == {"status": "live"}
    assert json.loads(installation.page(role, "/readyz")) == {"status": "ready"}


def test_every_alert_has_its_section_in_the_operators_handbook(root: Path) -> None:
    handbook = (root / "docs" / "operating.md").read_text()
    sections = set(re.findall(r"^### (Guerdon\w+)$", handbook, re.MULTILINE))
    alerts = {rule["alert"]: rule for rule in rules(root)}

    assert sections == set(alerts)
    for name, rule in alerts.items():
        assert rule["annotations"]["runbook"] == f"docs/operating.md#{name.lower()}"
        assert rule["labels"]["severity"] in {"page", "ticket"}


def test_watching_costs_next_to_nothing_and_is_told_of_webhooks_by_outcome() -> None:
    metrics = Metrics()
    for outcome in ("delivered", "waiting", "waiting", "dead"):
        metrics.sent("shop", outcome, 0.1)
    text = generate_latest(metrics.registry).decode()

    assert 'guerdon_webhooks_total{outcome="waiting",program="shop"} 2.0' in text
    begun = process_time()
    for _ in range(100):
        metrics.decided("shop", ["accepted"] * 500, decide_seconds=0.1, commit_seconds=0.1)
    # A tenth of what deciding costs, very generously: some 0.3 microseconds each are usual.
    assert (process_time() - begun) / 50_000 < 10e-6
