"""Requests that change something, as any client would write them."""

from typing import Any

Request = dict[str, Any]


def mutation(name: str, answer: str, **input_: Any) -> Request:
    """Return a request; `answer` is what is asked of the payload besides the problems."""
    kind = f"{name[0].upper()}{name[1:]}Input"
    fields = f"{{ {answer} problems {{ code message path }} }}"
    return {
        "query": f"mutation($i: {kind}!) {{ {name}(input: $i) {fields} }}",
        "variables": {"i": input_},
    }
