"""What operators see of a process: metrics, traces and the port where both health and metrics are.

Rule: nothing here is needed for anything to be right, and nothing of it may slow down or fail what
is observed. The engine knows only the protocols in `engine.meters` and `engine.tracing`.
"""
