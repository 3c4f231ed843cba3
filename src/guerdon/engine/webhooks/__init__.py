"""Webhooks out and in, after Standard Webhooks 1.0.

Out: endpoints (`endpoints`) are told what the journal says (`messages`) by the relay (`relay`), at
least once, signed, in order for each member. In: a partner's signed request (`inbound`).
"""
