"""Who may read which field: the whole matrix as a committed file, and that the schema obeys it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from guerdon.api.fields import guarded, object_fields
from guerdon.api.permissions import FIELDS, ROLES, TYPES, Right, denied_fields, right_to
from guerdon.api.schema import schema
from guerdon.api.transport import Forbidden

MATRIX = Path(__file__).parent / "permissions.txt"
FIELDS_OF_SCHEMA = object_fields(schema())
NOBODY = "-"


def cell(right: Right, role: str) -> str:
    """Return what a role needs: nothing, one of some scopes, or that it may not at all."""
    if right.permits(role, frozenset()):
        return "yes"
    scopes = [scope for scope in right.scopes if right.permits(role, frozenset({scope}))]
    return "|".join(scopes) or NOBODY


def matrix() -> str:
    rows: list[tuple[str, ...]] = [("field", *ROLES)]
    rows += [
        (coordinate, *(cell(right_to(coordinate), role) for role in ROLES))
        for coordinate in FIELDS_OF_SCHEMA
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join(lines) + "\n"


def test_matrix_of_fields_and_scopes_is_the_committed_one() -> None:
    assert MATRIX.read_text() == matrix(), (
        "rights have changed: read the difference, then write tests.api.test_permissions.matrix()"
        " to tests/api/permissions.txt"
    )


def test_a_field_without_a_place_in_the_table_stops_the_start() -> None:
    with pytest.raises(LookupError, match=r"Nobody\.knows has no place"):
        right_to("Nobody.knows")


def test_the_table_names_nothing_that_the_schema_lacks() -> None:
    types = {coordinate.partition(".")[0] for coordinate in FIELDS_OF_SCHEMA}

    assert set(TYPES) <= types
    assert set(FIELDS) <= set(FIELDS_OF_SCHEMA)


@pytest.mark.parametrize("coordinate", sorted(FIELDS_OF_SCHEMA))
def test_every_limited_field_asks_before_its_resolver_runs(coordinate: str) -> None:
    found = FIELDS_OF_SCHEMA[coordinate]
    resolve = found.subscribe or found.resolve
    assert resolve is not None
    info: Any = SimpleNamespace(context=SimpleNamespace(denied={coordinate}))
    if not right_to(coordinate).is_limited:
        assert getattr(resolve, "__name__", "") != "resolve_if_permitted"
        return

    with pytest.raises(Forbidden, match="This credential may not read"):
        resolve(SimpleNamespace(), info)


def test_a_guard_lets_those_through_who_may() -> None:
    resolve = guarded(lambda _source, _info, **arguments: arguments, "Query.members")
    admin: Any = SimpleNamespace(
        context=SimpleNamespace(denied=denied_fields("admin", frozenset({"members:read"})))
    )

    assert resolve(None, admin, first=3) == {"first": 3}


def test_a_member_needs_no_scope_and_a_key_is_nothing_without_its_own() -> None:
    none, reading = frozenset[str](), frozenset({"members:read"})

    assert "Member.wallets" not in denied_fields("member", none)
    assert "Member.wallets" in denied_fields("service", none)
    assert "Member.wallets" not in denied_fields("service", reading)
    assert "Member.wallets" in denied_fields("partner", reading)
    assert "Query.members" in denied_fields("member", reading)
