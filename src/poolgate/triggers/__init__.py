"""Triggers: asking functions that the operator wrote.

Lives here: the invoker and its targets: Lambda Invoke API, HTTP webhooks, Python functions.
May import: store and below.
May enter: a function's ARN and an event as JSON; leaves as: the answer's JSON, or a failure.
"""
