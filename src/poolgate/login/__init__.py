"""The browser door: pages for people, on a pool's own domain.

Lives here: pages as a state machine, their texts and templates.
May import: oauth, web, userpools and below.
May enter: requests of browsers; leaves as: pages that need no script.
"""
