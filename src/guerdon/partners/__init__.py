"""The world outside: what is fetched from, and sent to, systems that are not ours.

Rule: nothing out there is trusted to be quick, small, or there at all.
"""
