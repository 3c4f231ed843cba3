"""The GraphQL API: what frontends, tills and partners see of the engine.

`transport` is everything on the wire, and knows nothing of points or members. Beside it stands the
schema, one noun a module; each resolver decodes, calls one verb of the engine and returns its
value.

No rule of a program is here, and no query of a store: both lie behind the engine's verbs.
"""
