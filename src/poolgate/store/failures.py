"""What a database may refuse."""

from poolgate.foundation.failure import Failure

# How long a transaction waits for its turn before DatabaseBusy.
LOCK_WAIT_SECONDS = 10


class ConstraintViolated(Failure):
    """A row's unique key is taken, or a row it refers to does not exist.

    The transaction it happened in must end with it: PostgreSQL runs nothing more inside.
    """


class DatabaseBusy(Failure):
    """Other writers, or a lack of connections, kept a transaction waiting for too long."""


class DatabaseUnreachable(Failure):
    """The database server cannot be reached."""
