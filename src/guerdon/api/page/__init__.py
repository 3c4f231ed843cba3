"""The live page and the custom elements that it is made of: files, and the routes that serve them.

The rule: nothing comes from another host, and nothing needs an inline script or style, so that the
policy in `routes` forbids both. `files` is the page, `elements` is what a shop's own page may load
as well; a file there is an address that shops rely on.

The page knows only the GraphQL API; what it shows is decided elsewhere.
"""

from guerdon.api.page.routes import routes

__all__ = ["routes"]
