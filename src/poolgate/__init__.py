"""Poolgate: API authentication in the Cognito and IAM model.

Two halves: pools (who somebody is) and a gate (who may call this API). Public parts are
`poolgate.guard`, `poolgate.testing` and the `poolgate` command; every other room is internal.
"""

__version__ = "0.1.0"
