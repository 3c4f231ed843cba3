"""What cannot be imported: single lines, or the whole import.

The rule: a line that is wrong takes nothing from the others; it goes to the errors file with its
column and a sentence. Only what makes every further line pointless ends the import.
"""


class LineRefused(Exception):
    """One line is not imported; `column` is the file's name for the place, empty for all of it."""

    def __init__(self, column: str, reason: str) -> None:
        self.column = column
        self.reason = reason
        super().__init__(f"{column}: {reason}" if column else reason)


class AskedWrongly(Exception):
    """File and options do not fit together; nothing was sent."""


class CannotGoOn(Exception):
    """Every further line would be refused too, or the service does not answer any more."""
