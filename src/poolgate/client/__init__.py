"""The client: what a person's or a service's program needs to be somebody at a server.

Lives here: keys and tokens of a caller, their caches, signed calls; the same with Poolgate and AWS.
May import: jose, sigv4, policy, foundation.
May enter: answers of servers, files and variables of whoever runs the program;
leaves as: tokens, keys, or a ClientFailure with a sentence.
"""
