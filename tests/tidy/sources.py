"""The files that the tidy tests read: the product's modules and everything git tracks."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "guerdon"
MODULES = sorted(PACKAGE.rglob("*.py"))

Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path: Path) -> str:
    """Return a module's dotted name, or another file's path in the repository."""
    if not path.is_relative_to(PACKAGE):
        return path.relative_to(ROOT).as_posix()
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def tree_of(path: Path) -> ast.Module:
    """Return a module's syntax tree."""
    return ast.parse(path.read_text())


def functions_of(path: Path) -> Iterator[Function]:
    """Return every function and method of a module, nested ones too."""
    return (node for node in ast.walk(tree_of(path)) if isinstance(node, Function))


def tracked_files() -> list[Path]:
    """Return what git tracks, as far as it exists; outside a repository there is nothing."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    return [path for path in paths if path.is_file()]
