"""A deliberately naive evaluator of programs, against which the core is held.

It was written from the specification of the program language alone and shares no deciding code
with the product: it plays the plain list of activities anew for every question, in order of
arrival, and reads every balance, counter, tier and mission off the lists that it keeps. Simple
loops, nothing incremental, nothing remembered between two questions: slow, and meant to be read
beside the rules.

`arrivals.Oracle` is the way in, `looking.Look` shows what it finds in the words of `expect`.
"""
