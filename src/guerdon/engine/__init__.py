"""What the service can do: one verb a file, each a plain function that takes the `World` first.

Rule: an engine verb knows no driver, no framework and no clock of its own; it speaks to the
protocols of `world`. Values that verbs take are in `inputs`, those they return in `outcomes`,
refusals in `refusals`.
"""
