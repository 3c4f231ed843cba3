"""The JSON Schema for editors agrees with the loader about every program there is."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from guerdon.cli import app
from guerdon.program.editors import json_schema
from guerdon.program.records import plain_value
from guerdon.program.yaml_source import Mapping, parse
from program.documents import PROGRAM, changed
from scenario_files import EXAMPLES, SHARED, STORIES

SCHEMA = json_schema()
KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}


def fits(schema: dict[str, Any], value: Any) -> bool:
    """Judge a value by the keywords that the schema uses."""
    kinds = schema.get("type", list(KINDS))
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if not any(_is(kind, value) for kind in kinds):
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if "const" in schema and value != schema["const"]:
        return False
    if "anyOf" in schema and not any(fits(one, value) for one in schema["anyOf"]):
        return False
    if "oneOf" in schema and sum(fits(one, value) for one in schema["oneOf"]) != 1:
        return False
    if isinstance(value, str) and "pattern" in schema:
        return re.search(schema["pattern"], value) is not None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return (
            value >= schema.get("minimum", value)
            and value <= schema.get("maximum", value)
            and ("exclusiveMinimum" not in schema or value > schema["exclusiveMinimum"])
        )
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            return False
        return all(fits(schema.get("items", {}), item) for item in value)
    return not isinstance(value, dict) or _fits_map(schema, value)


def _is(kind: str, value: Any) -> bool:
    return isinstance(value, KINDS[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _fits_map(schema: dict[str, Any], value: dict[str, Any]) -> bool:
    properties = schema.get("properties", {})
    if any(name not in value for name in schema.get("required", ())):
        return False
    if len(value) > schema.get("maxProperties", len(value)):
        return False
    others = schema.get("additionalProperties", {})
    return all(
        fits(properties[name], inner)
        if name in properties
        else others is not False and fits(others, inner)
        for name, inner in value.items()
    )


NAMES_A_FILE = re.compile(r"^program: \S+\.yaml$", re.MULTILINE)
"""A scenario whose program is a file of its own, which stands in the list itself."""


def document(text: str) -> Any:
    root, mistakes = parse(text)
    assert not mistakes
    assert isinstance(root, Mapping)
    return plain_value(root)


@pytest.mark.parametrize(
    "path",
    [path for path in [*EXAMPLES, *STORIES, *SHARED] if not NAMES_A_FILE.search(path.read_text())],
    ids=lambda path: path.name,
)
def test_the_schema_accepts_every_program(path: Path) -> None:
    assert fits(SCHEMA, document(path.read_text()))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("cost: 10}", "cots: «10}"),
        ("cost: 10}", "cost: «-1}"),
        ("cost: 10}", "cost: «ten}"),
        ("window: calendar_year", "window: «calender_year"),
        ("period: P12M}", "period: «12M}"),
        ("{rate: 1}", "«{rate: 1, fixed: 2}"),
        ("mode: after, period: P12M", "mode: «after"),
        ("  id: shop\n", "  id: «my shop\n"),
        ('yearly: ["03-01"]', "yearly: «[]"),
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(before: str, after: str) -> None:
    text, _, _ = changed(before, after)
    assert fits(SCHEMA, document(PROGRAM))
    assert not fits(SCHEMA, document(text))


def test_every_key_is_described_with_an_example_that_fits() -> None:
    def walk(schema: Any) -> int:
        if isinstance(schema, list):
            return sum(walk(one) for one in schema)
        if not isinstance(schema, dict):
            return 0
        seen = 0
        for name, inner in schema.get("properties", {}).items():
            if "examples" in inner:
                assert inner["description"].strip(), name
                assert fits(inner, inner["examples"][0]), (name, inner["examples"])
                seen += 1
        return seen + sum(walk(inner) for inner in schema.values())

    assert walk(SCHEMA["properties"]["program"]) > 200


def test_the_schema_is_printed_for_editors() -> None:
    result = CliRunner().invoke(app, ["program", "schema"])
    assert result.exit_code == 0
    assert json.loads(result.output) == SCHEMA
