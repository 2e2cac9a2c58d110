"""Typed request and response shapes of the AWS operations, from the service models.

Lives here: one generated module a service, written by `make gen` and never by hand.
May import: nothing of the house.
May enter and leave: nothing; these are types.
"""
