"""docs/settings.md is made from the code, and is the code's."""

from pathlib import Path

from guerdon.cli.reference import settings_reference
from guerdon.settings import Settings

HIDDEN = {"crash_at"}


def test_the_reference_of_settings_is_that_of_the_code(root: Path) -> None:
    page = (root / "docs" / "settings.md").read_text()

    assert page == settings_reference(), "run `guerdon settings reference > docs/settings.md`"
    for name in set(Settings.model_fields) - HIDDEN:
        assert f"`GUERDON_{name.upper()}`" in page
