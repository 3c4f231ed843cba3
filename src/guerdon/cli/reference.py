"""The reference of settings, made of the settings themselves, so that it cannot be wrong."""

from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic.fields import FieldInfo

from guerdon.settings import PREFIX, Group, Settings
from guerdon.settings.work import Testing

_OPENING = """# Settings

Every process reads these from its environment, once, at its start; all mistakes are named together. `guerdon settings` prints what a process would run with, `guerdon doctor` says what contradicts. All processes of an installation should be told the same.

A secret (marked so) may also lie in a file whose path is given under its name with `_FILE` behind. This page is made from the code: `guerdon settings reference > docs/settings.md`.
"""  # noqa: E501 - a paragraph is one line in our documents


def settings_reference() -> str:
    """Return the page."""
    lines = [_OPENING]
    sections = _sections()
    for title, names in sections:
        lines += [
            f"## {title}\n",
            "| Setting | Default | Values | What it is |",
            "|---|---|---|---|",
        ]
        for name in names:
            field = Settings.model_fields[name]
            lines.append(
                f"| `{PREFIX}{name.upper()}` | {_default(field)} | {_values(field)} "
                f"| {field.description} |"
            )
        lines.append("")
    return "\n".join(lines)


def _sections() -> list[tuple[str, list[str]]]:
    """Return the settings by the headings of their groups; those for tests are left out."""
    groups = [it for it in reversed(Settings.__mro__) if issubclass(it, Group) and it is not Group]
    return [
        (group.heading(), list(group.__annotations__))
        for group in groups
        if group not in (Settings, Testing)
    ]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be set"
    if field.default is None or field.default == ():
        return "-"
    if isinstance(field.default, tuple):
        return f"`{','.join(field.default)}`"
    return f"`{str(field.default).lower() if field.default in (True, False) else field.default}`"


def _values(field: FieldInfo) -> str:
    if "SecretStr" in str(field.annotation):
        least = [each.min_length for each in field.metadata if isinstance(each, MinLen)]
        return f"secret, {least[0]} characters at least" if least else "secret"
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(field.annotation))
    low, high = _bound(field, Ge, Gt), _bound(field, Le, Lt)
    if low is None or high is None:
        return {bool: "`true`, `false`"}.get(field.annotation, "text")  # type: ignore[arg-type]
    above = "above " if any(isinstance(each, Gt) for each in field.metadata) else ""
    return f"{above}{low:,} to {high:,}"


def _bound(field: FieldInfo, *kinds: Any) -> float | None:
    for each in field.metadata:
        for kind in kinds:
            if isinstance(each, kind):
                value = getattr(each, kind.__name__.lower())
                assert isinstance(value, int | float)
                return value
    return None
