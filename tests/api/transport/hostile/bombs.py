"""Fragments that multiply, and fields that must be compared."""

from api.transport.hostile.writing import BADGE, ON_BADGE, Bodies, body, nested, siblings


def fragment_bomb(levels: int) -> str:
    """Return what stands for 2^levels paths through a recursive type."""
    fragments = [
        f"fragment F{n} on Badge {{ a: related {{ ...F{n + 1} }} b: related {{ ...F{n + 1} }} }}"
        for n in range(levels)
    ]
    root = f"{{ {BADGE} {{ ...F0 }} }}"
    return " ".join([root, *fragments, f"fragment F{levels} on Badge {{ id }}"])


def flat_bomb(levels: int, last: str = "hello") -> str:
    """Return doubling spreads at one level: no depth, and 2^levels fields at the root."""
    fragments = [f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels)]
    return " ".join(["{ ...F0 }", *fragments, f"fragment F{levels} on Query {{ {last} }}"])


def connection_bomb(levels: int) -> str:
    """Return doubling spreads beneath a connection, where careless paging expands them."""
    fragments = [
        f"fragment F{n} on BadgeConnection {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels)
    ]
    last = f"fragment F{levels} on BadgeConnection {{ edges {{ cursor }} }}"
    return " ".join(["{ badges(first: 1) { ...F0 } }", *fragments, last])


def cross_product(width: int) -> str:
    """Return fragments that each spread all later ones: quadratic for rules that compare pairs."""
    fragments = [
        f"fragment F{n} on Badge {{ related {{ {' '.join(f'...F{m}' for m in range(n + 1, width))}"
        f" id }} }}"
        for n in range(width)
    ]
    spreads = " ".join(f"...F{n}" for n in range(width))
    return " ".join([f"{{ {BADGE} {{ ...on Badge {{ {spreads} }} }} }}", *fragments])


def fragments() -> Bodies:
    """Fragments that multiply, go in circles, are unused, unknown, or too many."""
    for levels in (9, 30, 50, 58, 200):
        yield f"2^{levels} paths", body(fragment_bomb(levels))
        yield f"2^{levels} spreads at one level", body(flat_bomb(levels))
        yield f"2^{levels} spreads of nothing", body(flat_bomb(levels, "...F0"))
        yield f"2^{levels} spreads below a connection", body(connection_bomb(levels))
    for width in (8, 11, 20, 40):
        yield f"{width} fragments that spread each other", body(cross_product(width))
    for length in (1, 2, 59, 600):
        cycle = " ".join(
            f"fragment F{n} on Query {{ ...F{(n + 1) % length} hello }}" for n in range(length)
        )
        yield f"a circle of {length}", body(f"{{ ...F0 }} {cycle}")
    all_of_all = " ".join(
        f"fragment F{n} on Query {{ {' '.join(f'...F{m}' for m in range(30))} }}" for n in range(30)
    )
    yield "30 fragments that spread all 30", body("{ ...F0 } " + all_of_all)
    for count in (59, 190, 2_000):
        spread = " ".join(f"fragment F{n} on Query {{ hello }}" for n in range(count))
        yield f"{count} fragments that nobody uses", body("{ hello } " + spread)
        yield (
            f"{count} fragments of one name",
            body("{ ...F } " + "fragment F on Query { hello } " * count),
        )
        yield (
            f"{count} fragments on types that are not",
            body(siblings(count, "hello", on="Querry")),
        )
    for count in (600, 990, 12_000):
        yield (
            f"one fragment spread {count} times",
            body("{" + "...F " * count + "} fragment F on Query { hello }"),
        )
        yield (
            f"{count} spreads of nothing at all",
            body("{" + " ".join(f"...F{n}" for n in range(count)) + "}"),
        )
    yield (
        "fragments through all types",
        body("{ node(id: 1) {" + "... on Badge { ... on Node { id } } " * 150 + "} }"),
    )


def overlaps() -> Bodies:
    """What must be merged, and cannot: quadratic or worse for who compares pair by pair."""
    yield "59 fragments of ten fields each", body(siblings(59, "hello " * 10))
    yield "59 fragments of ten typenames", body(siblings(59, "__typename " * 10))
    yield (
        "28 fragments of all fields twice",
        body(
            siblings(
                28, "id title rarity awardedAt worth code " * 2, "Badge", f"{{ {BADGE} {{ $ }} }}"
            )
        ),
    )
    yield (
        "59 fragments that go two down",
        body(
            siblings(
                59,
                "related { related { id title worth code } }",
                "Badge",
                f"{{ {BADGE} {{ $ }} }}",
            )
        ),
    )
    yield (
        "58 fragments, ten times one down",
        body(siblings(58, "related { id } " * 5, "Badge", f"{{ {BADGE} {{ $ }} }}")),
    )
    for width, depth in ((10, 3), (3, 6), (2, 9), (2, 8), (6, 4)):
        inner = "id"
        for _ in range(depth):
            inner = f"related {{ {inner} }} " * width
        yield (
            f"{width} times itself, {depth} deep",
            body(f"{{ {BADGE} {{ {ON_BADGE} {{ {inner} }} }} }}"),
        )
    levels = [
        f"fragment L{n} on Badge {{ related {{ ...L{n + 1} }} related {{ ...L{n + 1} id }} }}"
        for n in range(8)
    ]
    yield (
        "pairs of fragments, level by level",
        body(f"{{ {BADGE} {{ ...L0 }} }} " + " ".join(levels) + " fragment L8 on Badge { id }"),
    )
    inner = "x: title"
    for n in range(9):
        inner = f"related {{ {inner} y{n}: code }} related {{ {inner.replace('title', 'id')} }}"
        if len(inner) > 8_000:
            break
    yield (
        "a conflict at the bottom of doublings",
        body(f"{{ {BADGE} {{ {ON_BADGE} {{ {inner} }} }} }}"),
    )
    yield "hello of 10 names", body("{" + " ".join(f'hello(name: "{n}")' for n in range(10)) + "}")
    yield (
        "59 fragments of hello by 59 names",
        body(
            "{"
            + " ".join(f"...F{n}" for n in range(59))
            + "}"
            + " ".join(f'fragment F{n} on Query {{ hello(name: "{n}") }}' for n in range(59))
        ),
    )
    big = "{" + ", ".join(f"k{n}: {n}" for n in range(300)) + "}"
    yield "large arguments that are compared", body("{" + f"echo(data: {big}) {{ at }} " * 5 + "}")
    big = "{" + ", ".join(f"k{n}: 1" for n in range(90)) + "}"
    yield (
        "middling arguments that are compared",
        body("{" + f"echo(data: {big}) {{ at }} " * 7 + "}"),
    )
    deep = nested("[", "1", "]", 180)
    yield "deep arguments that are compared", body("{" + f"echo(data: {deep}) {{ at }} " * 5 + "}")
