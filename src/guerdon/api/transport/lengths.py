"""How long a text is, in characters and in tokens, before anything else is done with it.

The rule: one pass of a regular expression that never goes back, so that the work is proportional to
the text whatever it holds. Where the text is no GraphQL the count means nothing, and the parser
says what is wrong; where it is, the count is the parser's own.
"""

import re

from guerdon.api.transport.errors import too_complex

_PIECE = re.compile(
    r'"""(?:[^"\\]++|\\"""|\\|"(?!""))*+(?:""")?'  # a block string, ended or not
    r'|"(?:[^"\\\n\r]++|\\.)*+"?'  # a string
    r"|[_A-Za-z][_0-9A-Za-z]*+"  # a name
    r"|-?[0-9][0-9.eE+-]*+"  # a number
    r"|\.\.\.|[!$&()*:=@\[\]{|}]"  # a mark
    r"|#[^\n\r]*+"  # a comment, which is no token
)


def tokens_in(text: str) -> int:
    """Return how many tokens a document has; comments are none."""
    pieces: list[str] = _PIECE.findall(text)
    return len(pieces) - sum(piece[0] == "#" for piece in pieces)


def check_length(text: str, *, characters_max: int, tokens_max: int) -> None:
    """Refuse a text that is too long to be parsed.

    Raises:
        Refused: It has too many characters, or too many tokens.
    """
    if len(text) > characters_max:
        raise too_complex(
            f"The document has {len(text)} characters; at most {characters_max} are read. Send"
            " values as variables."
        )
    if len(text) > tokens_max and tokens_in(text) > tokens_max:
        raise too_complex(f"The document has more than {tokens_max} tokens; it is not parsed.")
