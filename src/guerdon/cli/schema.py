"""`guerdon schema`: the GraphQL schema as a file, for reviews, for code generators, for clients.

The rule: what is printed is what is served.
"""

import typer

app = typer.Typer(name="schema", help="The GraphQL schema as a file.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Let `print` be named, although it is the only command so far."""


@app.command("print")
def print_schema() -> None:
    """Print the GraphQL schema, sorted: `guerdon schema print > schema.graphql`."""
    from guerdon.api.schema import sdl

    typer.echo(sdl(), nl=False)
