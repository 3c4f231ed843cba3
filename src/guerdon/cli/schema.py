"""`guerdon schema`: the GraphQL schema as a file, for reviews, for code generators, for clients.

The rule: what is printed is what is served.
"""

import sys


def print_schema() -> None:
    """Print the GraphQL schema, sorted: `guerdon schema print > schema.graphql`."""
    from guerdon.api.schema import sdl

    sys.stdout.write(sdl())
