"""`guerdon import`: bringing in what happened elsewhere, through the public API.

The rule: an import can be run again at any time. Each line's id is made of what the line says, so
that a line which is there already is recognised as a duplicate. Nothing here knows the database:
an import is one more client, on any machine.
"""

from guerdon.cli.importing.command import importing

__all__ = ["importing"]
