"""Dramatiq: wakes the engine up, and nothing else.

Rule: a message is a hint. It may come twice, late or never; what is to be done lies in MongoDB, and
the sweep sends hints again. So nothing is retried or delayed here, and no result is kept.
"""
