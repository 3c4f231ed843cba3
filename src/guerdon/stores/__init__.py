"""MongoDB: the truth. The only package that imports the driver.

Rule: every `_id`, every index and every filter begins with the program, and where a lane is
concerned with the lane: `program|lane|...` is the key by which a cluster is divided, so that all
that one transaction writes lies on one shard. `keyed` makes these keys; `indexes` names the query
that each index serves.
"""
