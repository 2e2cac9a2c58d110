"""The poolgate command.

Lives here: argument parsing, printing, exit codes.
May import: everything.
May enter: argv; leaves as: text and exit codes.
"""
