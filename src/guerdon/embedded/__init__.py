"""The embedded stack: a real MongoDB, a real Valkey and guerdon's own parts on one machine.

For the demo, for development and for tests. The parts are processes of their own, started with the
same commands and settings as in production, so that nothing here is a second way to run guerdon.
Nothing of the engine is imported: this package starts programs, asks them whether they are ready,
and stops them.
"""
