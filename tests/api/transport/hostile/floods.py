"""Selections, directives and definitions that nest or come in numbers."""

from api.transport.hostile.writing import BADGE, ON_BADGE, Bodies, body, nested


def selections() -> Bodies:
    """Nesting of every kind, too many fields, too many names for them."""
    for levels in (13, 60, 180, 400, 15_000):
        yield (
            f"related {levels} deep",
            body(
                f"{{ {BADGE} {{ {ON_BADGE} " + nested("{ related ", "{ id }", "}", levels) + " } }"
            ),
        )
        yield f"inline fragments {levels} deep", body(nested("{ ... ", "{ hello }", "}", levels))
    for count in (16, 600, 20_000):
        yield f"{count} aliases", body("{" + " ".join(f"a{n}: hello" for n in range(count)) + "}")
        yield (
            f"{count} aliases of __typename",
            body("{" + " ".join(f"a{n}: __typename" for n in range(count)) + "}"),
        )
    for count in (11, 1_900, 40_000):
        yield f"{count} times hello", body("{" + "hello " * count + "}")
        yield f"{count} times __typename", body("{" + "__typename " * count + "}")
        yield (
            f"{count} fields that are unknown",
            body("{" + " ".join(f"unknown{n}" for n in range(count)) + "}"),
        )
    yield "900 repeats in 300 groups", body("{" + "... { hello hello hello } " * 300 + "}")
    yield "one long unknown field", body("{ " + "a" * 90_000 + " }")
    yield (
        "5 unknown fields, long",
        body("{ " + " ".join(f"{'hel' * 5_000}{n}" for n in range(5)) + " }"),
    )
    yield "900 unknown leaves of nothing", body("{ hello { " + "x " * 900 + "} }")
    yield "a thousand empty selections", body("{ hello {} }" * 1_000)


def directives() -> Bodies:
    """Directives repeated, unknown, misplaced, and with arguments that are huge."""
    for count in (59, 390, 18_000):
        for name, text in (
            ("include", "@include(if: true) "),
            ("skip", "@skip(if: false) "),
            ("unknown", "@x "),
            ("deprecated", '@deprecated(reason: "x") '),
        ):
            yield f"{count} of {name}", body("{ hello " + text * count + "}")
            yield f"{count} of {name} at the operation", body("query " + text * count + "{ hello }")
            yield (
                f"{count} of {name} at a variable",
                body("query($a: Int " + text * count + ") { hello }"),
            )
            yield (
                f"{count} of {name} at a fragment",
                body("{ ...F } fragment F on Query " + text * count + "{ hello }"),
            )
    deep = nested("[", "1", "]", 190)
    yield "a directive with a deep argument", body(f"{{ hello @include(if: {deep}) }}")
    wide = " ".join("1" for _ in range(1_900))
    yield "a directive with a wide argument", body(f"{{ hello @include(if: [{wide}]) }}")
    arguments = " ".join(f"a{n}: 1" for n in range(600))
    yield "a directive with 600 arguments", body(f"{{ hello @include({arguments}) }}")


def definitions() -> Bodies:
    """Operations, variables, their types and defaults in numbers."""
    for count in (6, 480, 10_000):
        yield (
            f"{count} operations",
            body(" ".join(f"query Q{n} {{ hello }}" for n in range(count)), operationName="Q1"),
        )
        yield f"{count} operations of one name", body("query Q { hello } " * count)
        yield f"{count} operations without a name", body("{ hello } " * count)
    for count in (300, 390, 9_000):
        unused = " ".join(f"$v{n}: Int" for n in range(count))
        yield f"{count} variables that are not used", body(f"query({unused}) {{ hello }}")
        yield f"{count} variables of one name", body("query(" + "$v: Int " * count + ") { hello }")
        yield (
            f"{count} variables with defaults",
            body("query(" + " ".join(f'$v{n}: Int = "x"' for n in range(count)) + ") { hello }"),
        )
        yield (
            f"{count} variables of types that are not",
            body("query(" + " ".join(f"$v{n}: Ints{n}" for n in range(count)) + ") { hello }"),
        )
        yield (
            f"{count} variables that are not declared",
            body("{ nodes(ids: [" + " ".join(f"$v{n}" for n in range(count)) + "]) { id } }"),
        )
    for levels in (150, 190, 40_000):
        yield (
            f"a type of {levels} lists",
            body("query($v: " + nested("[", "Int", "]", levels) + ") { hello(name: $v) }"),
        )
        yield (
            f"a default {levels} deep",
            body("query($v: JSON = " + nested("[", "1", "]", levels) + ") { hello(name: $v) }"),
        )
    uses = " ".join(f"...F{n}" for n in range(50))
    operations = " ".join(f"query Q{n}($a: String) {{ {uses} }}" for n in range(5))
    spread = " ".join(
        f"fragment F{n} on Query {{ ...F{n + 1} hello(name: $b) }}" for n in range(50)
    )
    yield (
        "5 operations through 50 fragments",
        body(f"{operations} {spread} fragment F50 on Query {{ hello }}", operationName="Q1"),
    )
    yield (
        "a subscription to several",
        body("subscription {" + " ".join(f"a{n}: count" for n in range(10)) + "}"),
    )
    yield (
        "a subscription to one by a bomb",
        body(
            "subscription { ...F0 } "
            + " ".join(
                f"fragment F{n} on Subscription {{ ...F{n + 1} ...F{n + 1} }}" for n in range(50)
            )
            + " fragment F50 on Subscription { count }"
        ),
    )
    yield (
        "a subscription to nothing by a circle",
        body("subscription { ...F } fragment F on Subscription { ...F }"),
    )
    yield (
        "6 mutations",
        body("mutation {" + " ".join(f'm{n}: award(title: "x") {{ id }}' for n in range(6)) + "}"),
    )
    yield "280 mutations", body("mutation {" + 'award(title: "x") { id } ' * 280 + "}")


def introspections() -> Bodies:
    """Questions about the schema that go in circles or come in numbers."""
    for levels in (4, 12, 45, 150):
        inner = nested("{ fields { type ", "{ name }", "} }", levels)
        yield (
            f"types of fields of types, {levels} times",
            body(f"{{ __schema {{ types {inner} }} }}"),
        )
        yield f"the same by name, {levels} times", body(f'{{ __type(name: "Badge") {inner} }}')
        kinds = nested("{ ofType ", "{ name }", "}", levels)
        yield f"ofType, {levels} times", body(f"{{ __schema {{ types {kinds} }} }}")
    yield (
        "in circles by fragments",
        body(
            "{ __schema { types { ...F } } } fragment F on __Type { fields { type { ...G } } }"
            " fragment G on __Type { fields { type { ...F } } }"
        ),
    )
    chain = " ".join(
        f"fragment F{n} on __Type {{ ofType {{ ...F{n + 1} }} interfaces {{ ...F{n + 1} }} }}"
        for n in range(30)
    )
    yield (
        "fragments of introspection that double",
        body(f"{{ __schema {{ types {{ ...F0 }} }} }} {chain} fragment F30 on __Type {{ name }}"),
    )
    yield (
        "15 introspections",
        body(
            "{"
            + " ".join(f"a{n}: __schema {{ types {{ fields {{ name }} }} }}" for n in range(15))
            + "}"
        ),
    )
    everything = "name fields { name args { name type { name } } type { name } }"
    yield (
        "10 introspections of everything",
        body(
            "{"
            + " ".join(f"a{n}: __schema {{ types {{ {everything} }} }}" for n in range(10))
            + "}"
        ),
    )
    yield (
        "possible types of possible types",
        body(
            "{ __schema { types { possibleTypes { interfaces { possibleTypes { interfaces {"
            " possibleTypes { name } } } } } } } }"
        ),
    )
