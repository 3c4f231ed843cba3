"""The JSON Schema of a program's file, for editors that complete and underline while one types.

Rule: it comes from the same keys that read the document, so it cannot promise what the loader
refuses. What only the whole document tells (names that do not exist) is `program check`'s matter.
"""

from guerdon.program.document import PROGRAM
from guerdon.program.shapes import Schema


def json_schema() -> Schema:
    """Return the schema of a document with the key `program`."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A guerdon program",
        "type": "object",
        "required": ["program"],
        "properties": {
            "scenario": {"const": 1, "description": "The version of the vocabulary."},
            "program": PROGRAM.schema(),
            "activities": {"type": "array", "description": "For rehearsals: what happens."},
            "expect": {"type": "array", "description": "For rehearsals: what must hold."},
        },
    }
