"""The browser door: pages for people, on a pool's own domain.

Lives here: pages, their texts and what they answer to.
May import: oauth, web, userpools and below.
May enter: requests of browsers; leaves as: pages that need no script.
"""
