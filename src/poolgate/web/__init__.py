"""HTTP as every door sees it: requests, responses, forms and cookies.

Lives here: values of HTTP and how they are read and written; no door's own rules.
May import: foundation.
May enter: text as it came from the network; leaves as: values for the doors, never for a domain.
"""
