"""Values written into documents: deep, wide, long, and such as are none."""

import json

from api.transport.hostile.writing import Bodies, body, nested


def values() -> Bodies:
    """Literals: deep, wide, long, and such as are none."""
    for levels in (150, 190, 900, 40_000):
        yield (
            f"lists {levels} deep",
            body("{ nodes(ids: " + nested("[", "", "]", levels) + ") { id } }"),
        )
        yield (
            f"objects {levels} deep",
            body("{ echo(data: " + nested("{a: ", "1", "}", levels) + ") { at } }"),
        )
        yield (
            f"a badge by objects {levels} deep",
            body("{ badge(by: " + nested("{code: ", "1", "}", levels) + ") { __typename } }"),
        )
    for count in (1_900, 30_000):
        numbers = " ".join("1" for _ in range(count))
        yield f"a list of {count}", body(f"{{ nodes(ids: [{numbers}]) {{ id }} }}")
        yield f"a list of {count} for one", body(f"{{ hello(name: [{numbers}]) }}")
        yield (
            f"an enum list of {count}",
            body("{ nodes(ids: [" + " ".join("A" for _ in range(count)) + "]) { id } }"),
        )
    for count in (600, 9_000):
        yield (
            f"an object of {count}",
            body(
                "{ badge(by: {" + " ".join(f"k{n}: 1" for n in range(count)) + "}) { __typename } }"
            ),
        )
        yield (
            f"an object of one key {count} times",
            body("{ badge(by: {" + "code: 1 " * count + "}) { __typename } }"),
        )
        yield (
            f"{count} arguments",
            body("{ hello(" + " ".join(f"a{n}: 1" for n in range(count)) + ") }"),
        )
        yield f"one argument {count} times", body("{ hello(" + "name: 1 " * count + ") }")


def characters() -> Bodies:
    """Very many of one character, in strings, names, numbers, comments and between them."""
    for size in (5_000, 90_000, 900_000):
        yield f"a string of {size}", body('{ helo(name: "' + "x" * size + '") }')
        yield f"a string of {size} that never ends", body('{ hello(name: "' + "x" * size)
        yield f"a block string of {size}", body('{ helo(name: """' + "x\n" * (size // 2) + '""") }')
        yield f"a block string of {size} that never ends", body('{ hello(name: """' + "\n" * size)
        yield (
            f"{size} characters of escapes",
            body('{ helo(name: "' + "\\u0041" * (size // 6) + '") }'),
        )
        yield (
            f"{size} characters of quotes in a block",
            body('{ helo(name: """' + '\\"""' * (size // 4) + '""") }'),
        )
        yield f"{size} characters of quotes", body("{ helo(name: " + '""' * (size // 2) + ") }")
        yield (
            f"indented lines in a block of {size}",
            body('{ helo(name: """' + "\n                  x" * (size // 20) + '""") }'),
        )
        yield (
            f"a number of {size} digits",
            body("{ badges(first: 1" + "0" * (size - 1) + ") { x } }"),
        )
        yield f"a fraction of {size} digits", body("{ echo(amount: 1." + "0" * size + ") { x } }")
        yield f"an exponent of {size} digits", body("{ echo(amount: 1e" + "9" * size + ") { x } }")
        yield f"a name of {size}", body("{ " + "a" * size + " }")
        yield f"a comment of {size}", body("#" * size + "\n{")
        yield f"{size} characters of comments", body("#\n" * (size // 2) + "{")
        yield f"{size} commas", body("," * size + "{")
        yield f"{size} blanks", body(" " * size + "{")
        yield f"{size} lines", body("\n" * size + "{ x }")
        yield f"{size} BOMs", body("\ufeff" * (size // 3) + "{ x }")
        yield f"{size} brackets", body("{" * size)
        yield f"{size} open lists", body("{ nodes(ids: " + "[" * size)
        yield f"{size} open parentheses", body("{ hello" + "(" * size)
        yield f"{size} colons", body("{ hello" + ":" * size)
        yield f"{size} dots", body("{ " + "." * size)
        yield f"{size} ats", body("{ hello " + "@" * size)
        yield f"{size} minus signs", body("{ hello(name: " + "-" * size + ") }")
        yield f"{size} dollars", body("query(" + "$" * size + ") { hello }")
        yield f"{size} bangs", body("query($a: Int" + "!" * size + ") { hello }")
        yield f"{size} letters of no alphabet", body("{ " + "é" * (size // 2) + " }")
    yield "a lone surrogate, escaped", body('{ hello(name: "\\uD83D") }')
    yield "a lone surrogate in braces", body('{ hello(name: "\\u{D83D}") }')
    yield "a code point beyond all", body('{ hello(name: "\\u{110000}") }')
    yield "a code point of 5,000 digits", body('{ hello(name: "\\u{' + "0" * 5_000 + '}") }')
    yield "NUL in a document", body("{ hello \0 }")
    yield "NUL in a string", body('{ hello(name: "\0") }')
    yield "control characters", body("{ hello \x07\x1b }")
    yield "a BOM in the middle of a name", body("{ hel\ufefflo }")
    yield "an upside down document", body("}{")
    yield "nothing but a string", body('"x"')
    yield "nothing but a description", body('"x" { helo }')
    yield "a schema", body("type Query { hello: String }")
    yield "900 types", body("type A { a: A } " * 280)
    yield "900 extensions", body("extend type Query { a: A } " * 250)
    yield "900 descriptions", body('"d" query Q { hello } ' * 330)


def pages() -> Bodies:
    """Pages of pages, and sizes that are none."""
    yield (
        "a hundred of a hundred of a hundred",
        body(
            "{ badges(first: 100) { edges { node { related { related { related { related {"
            " related { related { related { id } } } } } } } } } } }"
        ),
    )
    yield (
        "ten whole pages",
        body(
            "{"
            + " ".join(
                f"p{n}: badges(first: 100) {{ edges {{ node {{ related {{ related {{ related {{"
                f" id }} }} }} }} }} }}"
                for n in range(10)
            )
            + "}"
        ),
    )
    for size in (
        "-1",
        "101",
        "2147483647",
        "-2147483648",
        "2147483648",
        "9" * 500,
        "1.5",
        '"x"',
        "true",
    ):
        yield (
            f"a page of {size[:12]}",
            body(f"{{ badges(first: {size}) {{ edges {{ cursor }} }} }}"),
        )
    for value in (-1, 101, 2**31, 10**400, 1.5, "x", True, [5], {"a": 1}, [[1]] * 100):
        yield (
            f"a page of {str(value)[:12]}, by variable",
            body(
                "query($n: Int) { badges(first: $n) { edges { cursor } } }", variables={"n": value}
            ),
        )
    yield "both ends", body("{ badges(first: 5, last: 5) { edges { cursor } } }")
    for cursor in ("", "x", "é", "YXQ6LTU=", "YXQ6" + "OTk5" * 2_000, "A" * 90_000):
        yield (
            f"a cursor {cursor[:8]!r} of {len(cursor)}",
            body(f"{{ badges(after: {json.dumps(cursor)}) {{ edges {{ cursor }} }} }}"),
        )
