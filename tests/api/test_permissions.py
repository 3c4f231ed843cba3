"""Who may read which field: the whole matrix as a committed file, and that the schema obeys it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from graphql import GraphQLField

from guerdon.api.fields import ASKS_ITSELF, Guard, object_fields, types_behind
from guerdon.api.permissions import FIELDS, ROLES, TYPES, Right, right_of_type, right_to
from guerdon.api.schema import schema
from guerdon.api.transport import Forbidden
from guerdon.engine.keys import ADMIN_SCOPES

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


KINDS = [
    (role, scopes)
    for role in ROLES
    for scopes in [
        frozenset[str](),
        ADMIN_SCOPES,
        *(frozenset({it}) for it in sorted(ADMIN_SCOPES)),
    ]
    if role != "member" or not scopes
]


@pytest.mark.parametrize(("role", "scopes"), KINDS, ids=lambda it: "+".join(sorted(it)) or "none")
def test_guards_let_nobody_reach_a_field_without_its_right(
    role: str, scopes: frozenset[str]
) -> None:
    """Walk the schema from its roots, through every field whose guard lets this credential pass."""
    reached: set[str] = set()
    left = ["Query", "Mutation", "Subscription"]
    while left:
        name = left.pop()
        for coordinate, found in FIELDS_OF_SCHEMA.items():
            if coordinate.partition(".")[0] != name or coordinate in reached:
                continue
            if not passes(found, role, scopes):
                continue
            reached.add(coordinate)
            types = types_behind(schema(), found)
            if coordinate in ASKS_ITSELF:
                types = [it for it in types if right_of_type(it).permits(role, scopes)]
            left += types

    assert reached == {it for it in reached if right_to(it).permits(role, scopes)}
    assert "Query.viewer" in reached


def passes(found: GraphQLField, role: str, scopes: frozenset[str]) -> bool:
    """Call a field's real guard for a credential, with a resolver that does nothing behind it."""
    guard = found.subscribe or found.resolve
    if not isinstance(guard, Guard):
        return True
    free = Guard(lambda _source, _info: None, guard.coordinate, guard.rights)
    info: Any = SimpleNamespace(
        context=SimpleNamespace(permits=lambda right: right.permits(role, scopes))
    )
    try:
        free(None, info)
    except Forbidden:
        return False
    return True


def test_every_field_that_somebody_may_read_is_reached_by_somebody() -> None:
    everything = frozenset(ADMIN_SCOPES)

    unread = [
        it
        for it in FIELDS_OF_SCHEMA
        if not any(right_to(it).permits(role, everything) for role in ROLES)
    ]
    assert unread == []


def test_inside_of_a_type_nothing_is_asked_again() -> None:
    guarded = [it for it, found in FIELDS_OF_SCHEMA.items() if isinstance(found.resolve, Guard)]

    assert "Leaderboard.period" in guarded
    assert [it for it in guarded if it.startswith(("LeaderboardEntry", "Wallet.", "Lot."))] == []


def test_a_member_needs_no_scope_and_a_key_is_nothing_without_its_own() -> None:
    none, reading = frozenset[str](), frozenset({"members:read"})
    wallets = right_to("Member.wallets")

    assert wallets.permits("member", none)
    assert not wallets.permits("service", none)
    assert wallets.permits("service", reading)
    assert not wallets.permits("partner", reading)
    assert not right_to("Query.members").permits("member", reading)
