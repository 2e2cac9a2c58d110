"""For tests: an in-process Poolgate, boto3 clients without a socket, a movable clock, the outbox.

Lives here: the pytest fixture and what it is made of.
May import: server and below.
May enter: a test's wishes; leaves as: clients and readers.
"""

from poolgate.testing.local import Credentials, LocalPoolgate, SentMessage

__all__ = ["Credentials", "LocalPoolgate", "SentMessage"]
