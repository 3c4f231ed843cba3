"""The code's promises about itself, for which no linter has a rule."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

from tidy.sources import MODULES, PACKAGE, functions_of, name_of, tracked_files, tree_of

# What core may import of the standard library: all that neither sees the world nor changes it.
WORLD = {
    "asyncio", "concurrent", "ctypes", "http", "importlib", "io", "logging", "multiprocessing",
    "os", "pathlib", "random", "secrets", "select", "shutil", "signal", "socket", "sqlite3", "ssl",
    "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid",
}  # fmt: skip
PURE = (set(sys.stdlib_module_names) - WORLD) | {"guerdon"}
CLOCKS = {"now", "today", "utcnow"}

# One word for each thing (docs/glossary.md), and no name that could mean anything.
BANNED = {
    "user": "member", "customer": "member", "event": "activity", "challenge": "mission",
    "quest": "mission", "transaction": "posting", "manager": "what it does",
    "service": "what it does", "helper": "what it does", "util": "what it does",
    "base": "what it is", "common": "what it is", "handler": "what it does", "data": "what it is",
    "info": "what it is",
}  # fmt: skip

# Names that others have fixed.
FOREIGN = {
    "PageInfo": "a type of the Relay specification",
    "EventFraming": "of Server-Sent Events, as their standard calls them",
}

FUNCTION_LINES_MAX = 60
MODULE_LINES_MAX = 400

# Modules and functions beyond that, each with the reason why it is not two.
LONG: dict[str, str] = {
    "guerdon.core.program": "the values that a program is made of, one after the other; no rules",
    "guerdon.wiring.build": "every part of the World, a line each",
    "guerdon.engine.world": "all that the engine asks of the outside, in one place to be read",
}


def words_of(name: str) -> set[str]:
    """Split a name in snake or camel case into its words, in the singular."""
    split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    words = {word for word in re.split(r"[_.]+", split) if word}
    return words | {word.removesuffix("s") for word in words}


Impure = ast.AsyncFunctionDef | ast.Await | ast.Call


def sees_time_pass(node: Impure) -> bool:
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS
    return True


@pytest.mark.parametrize("path", sorted((PACKAGE / "core").rglob("*.py")), ids=name_of)
def test_core_imports_nothing_that_sees_the_world_and_reads_no_clock(path: Path) -> None:
    nodes = list(ast.walk(tree_of(path)))
    imported = {
        alias.name.partition(".")[0]
        for node in nodes
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {
        (node.module or "").partition(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)
    }
    impure = [node.lineno for node in nodes if isinstance(node, Impure) and sees_time_pass(node)]

    assert imported <= PURE
    assert impure == [], "lines that read a clock or wait"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_module_says_what_it_holds(path: Path) -> None:
    said = ast.get_docstring(tree_of(path)) or ""

    assert len(said.split()) >= 5, f"{name_of(path)} needs a docstring: what it holds, its rule"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_names_of_modules_and_classes_use_the_glossary(path: Path) -> None:
    names = {name_of(path).removeprefix("guerdon")}
    names |= {node.name for node in ast.walk(tree_of(path)) if isinstance(node, ast.ClassDef)}
    names -= set(FOREIGN)
    wrong = {name: BANNED[word] for name in names for word in words_of(name) & set(BANNED)}

    assert wrong == {}, "banned words, each with what to say instead"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_module_and_its_functions_fit_one_purpose(path: Path) -> None:
    sizes = {name_of(path): (len(path.read_text().splitlines()), MODULE_LINES_MAX)} | {
        f"{name_of(path)}.{node.name}": (
            (node.end_lineno or node.lineno) - node.lineno + 1,
            FUNCTION_LINES_MAX,
        )
        for node in functions_of(path)
    }
    beyond = {name: lines for name, (lines, most) in sizes.items() if lines > most}

    assert set(beyond) <= set(LONG), f"divide, or give the reason in LONG: {beyond}"


def test_every_exception_to_the_lengths_still_exists() -> None:
    names = {name_of(path) for path in MODULES} | {
        f"{name_of(path)}.{node.name}" for path in MODULES for node in functions_of(path)
    }

    assert set(LONG) <= names


def test_no_tracked_file_names_a_package_index_or_a_path_of_one_machine() -> None:
    """Written in pieces, so that this file is not the first to be found."""
    hosts = ("registry.npm" + "js", "python" + "hosted.org", "pypi." + "org/simple",
             "deb.debian" + ".org", "archive.ubuntu" + ".com", "proxy.golang" + ".org")  # fmt: skip
    paths = ("/" + "work/", "/" + "root/", "/" + "tmp/", "/" + "home/")
    wanted = re.compile("|".join(map(re.escape, hosts + paths)).encode())
    found = {
        f"{name_of(path)}: {match.group().decode()}"
        for path in tracked_files()
        if (match := wanted.search(path.read_bytes()))
    }

    assert found == set()


def test_locks_hold_a_hash_for_every_package() -> None:
    for lock in ("installer", "project", "runtime", "builder", "deploy"):
        text = (PACKAGE.parents[1] / "locks" / f"{lock}.txt").read_text()
        packages = re.findall(r"^[a-z0-9][^\n=]*==", text, flags=re.MULTILINE)
        hashed = re.findall(r"^[a-z0-9][^\n]*\\\n +--hash=sha256:", text, flags=re.MULTILINE)

        assert packages
        assert len(packages) == len(hashed)


def test_locks_hold_every_dependency_that_the_project_names() -> None:
    root = PACKAGE.parents[1]
    found = tomllib.loads((root / "pyproject.toml").read_text())
    groups, extras = found["dependency-groups"], found["project"]["optional-dependencies"]
    needed, built = found["project"]["dependencies"], found["build-system"]["requires"]
    wishes = {
        "project": [*needed, *built, *extras["embedded"], *extras["otel"], *groups["dev"]],
        "runtime": [*needed, *extras["otel"]],
        "builder": built,
        "deploy": groups["deploy"],
    }
    for name, wanted in wishes.items():
        lock = (root / "locks" / f"{name}.txt").read_text()
        locked = set(re.findall(r"^([a-z0-9-]+)==", lock, flags=re.MULTILINE))
        named = {re.split(r"[^A-Za-z0-9._-]", wish)[0].lower().replace(".", "-") for wish in wanted}

        assert named <= locked, "run `make lock` and commit locks/"
