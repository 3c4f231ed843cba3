"""guerdon: loyalty and gamification programs as a live GraphQL service.

The packages below are layers; ARCHITECTURE.md draws them, and `make check` holds them apart.
Nothing is imported here, so that `import guerdon` costs nothing.
"""

__version__ = "0.1.0"
