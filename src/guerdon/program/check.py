"""What is legal and surely not meant, as warnings with places."""

from guerdon.core.program import Program
from guerdon.program.mistakes import Mistake
from guerdon.program.yaml_source import Node


def warnings(program: Program, node: Node) -> list[Mistake]:
    """Return the warnings of a program, placed in its document."""
    del program, node
    return []
