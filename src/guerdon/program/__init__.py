"""The program document: YAML in, `core.Program` or a list of mistakes out.

What a program means is decided in `guerdon.core`; here it is read, checked and rehearsed.
"""
