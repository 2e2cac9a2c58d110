"""Disposable cloud accounts: an API to lease child accounts for a time and a budget.

Lives here: accounts, leases, usage, their rules, their SQLite file, the HTTP API and its command.
May import: poolgate.guard and nothing else of poolgate.
May enter: HTTP requests, settings; leaves as: JSON answers.
"""
