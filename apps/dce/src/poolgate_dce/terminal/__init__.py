"""The `dce` command: what people at a terminal do with the API.

Lives here: the configuration file, where keys come from, signed calls, signing in, what is printed.
May import: poolgate.client, the app's authentication codes and surroundings; nothing that serves.
May enter: arguments, the configuration file, answers of the API; leaves as: JSON on standard
output, lines for people on standard error, an exit code.
"""
