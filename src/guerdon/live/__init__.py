"""Redis: leaderboards, live channels, wake-ups, allowances. All of it may be lost at any moment.

Rule: nothing here is the only copy of anything, and nobody waits long for it: every call has a
short deadline, and while Redis is away calls fail at once (`LiveDown`) instead of queueing up.
"""
