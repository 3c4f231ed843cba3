"""The pure heart: what a program means.

Standard library only; no input or output, no clock, no chance: time and randomness come with
the activity. `decide.decide` is the product, everything else here is what it reads and writes.
"""
