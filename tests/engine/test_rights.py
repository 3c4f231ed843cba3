"""Which credential may report which type of activity: the committed matrix, and how it is asked."""

from pathlib import Path

import pytest

from guerdon.core.activity import CAUSED, OWN_TYPES
from guerdon.engine.keys import ADMIN_SCOPES
from guerdon.engine.rights import may_report
from guerdon.engine.world import Caller, Role, reporter_of

MATRIX = Path(__file__).with_name("rights.txt")
EARNING = "(any other)"


def a_caller(role: Role, *scopes: str) -> Caller:
    return Caller(
        program="shop", role=role, reporter=reporter_of(role, member="m"), scopes=frozenset(scopes)
    )


def allowed(kind: str, role: Role) -> str:
    """Return the scopes any one of which lets a credential report a type; `yes` for none needed."""
    if may_report(a_caller(role), kind):
        return "yes"
    return "|".join(it for it in sorted(ADMIN_SCOPES) if may_report(a_caller(role, it), kind))


def matrix() -> str:
    """Return who may report what, a type a line."""
    rows: list[list[str]] = [["type", *Role]]
    rows += [
        [kind, *(allowed(kind, role) or "-" for role in Role)]
        for kind in (*sorted(OWN_TYPES), EARNING)
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "".join(f"{line}\n" for line in lines)


def test_matrix_of_types_and_scopes_is_the_committed_one() -> None:
    """Whoever adds a type, or lets others report one, says so here, too."""
    assert MATRIX.read_text() == matrix(), (
        "rights have changed: read the difference, then write tests.engine.test_rights.matrix()"
        " to tests/engine/rights.txt"
    )


@pytest.mark.parametrize("kind", sorted(CAUSED))
@pytest.mark.parametrize("role", list(Role))
def test_what_only_others_cause_is_reported_with_no_scopes_whatever(kind: str, role: Role) -> None:
    assert not may_report(a_caller(role, *ADMIN_SCOPES), kind)


@pytest.mark.parametrize("kind", sorted(OWN_TYPES - CAUSED))
def test_the_other_scopes_together_let_no_key_report_what_needs_one(kind: str) -> None:
    for role in (Role.PARTNER, Role.SERVICE, Role.ADMIN):
        needed = allowed(kind, role)
        assert "|" not in needed
        assert not may_report(a_caller(role, *(ADMIN_SCOPES - {needed})), kind)
