"""JSON in: numbers arrive as they were written, and nothing that is not JSON gets past.

The rule: no amount ever becomes a binary float. The standard decoder is used because it hands over
the text of each number; the faster ones have rounded it by then. It is stricter than its defaults:
UTF-8 only, no NaN or Infinity, no lone surrogates, no nesting that overflows the stack.

Which numbers a scalar accepts is in `scalars`; JSON out is in `encoding`.
"""

import json
import re
from typing import Any, NoReturn, Self

_LONE_SURROGATE_POSSIBLE = re.compile(r"\\u[dD][89a-fA-F]")


_float = float.__new__


class WrittenNumber(float):
    """A JSON number with a fraction or an exponent, together with its digits as sent.

    It is a float so that GraphQL's own `Float` and `Int` read it; the precise scalars read `text`.
    """

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Self:
        """Keep `text` beside the nearest float."""
        number = _float(cls, text)
        number.text = text
        return number

    def __reduce__(self) -> tuple[type[Self], tuple[str]]:
        """Copies keep the digits."""
        return type(self), (self.text,)


class NotJson(ValueError):
    """The text is not JSON, or is nested too deeply to be read."""


def _refuse_constant(name: str) -> NoReturn:
    raise json.JSONDecodeError(f"{name} is no number", name, 0)


_decoder = json.JSONDecoder(parse_float=WrittenNumber, parse_constant=_refuse_constant)


def decode_json(body: bytes | str) -> Any:
    """Return the value of a JSON text; a number with a fraction becomes a `WrittenNumber`.

    Raises:
        NotJson: The bytes are no UTF-8, the text is no JSON, or it is nested too deeply.
    """
    try:
        text = body if isinstance(body, str) else body.decode("utf-8")
        value = _decoder.decode(text)
        if _LONE_SURROGATE_POSSIBLE.search(text):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise NotJson("The JSON is nested too deeply.") from None
    except UnicodeError:
        raise NotJson("The text is not JSON: it is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise NotJson(f"The text is not JSON: {error.msg} at {error.pos}.") from None
    except ValueError:
        raise NotJson("The text holds an integer of more digits than can be read.") from None
    return value
