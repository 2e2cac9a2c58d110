"""Settings, wiring, the HTTP application, health, metrics and logging.

Lives here: the only room that reads the environment; one module wires all the others.
May import: everything below.
May enter: environment, files, WSGI; leaves as: a running server.
"""
