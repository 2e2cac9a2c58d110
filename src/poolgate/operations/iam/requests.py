"""What a request may ask for by its shape and is refused here."""

from poolgate.foundation.failure import Failure


class StatusNotSettable(Failure):
    """An access key is only ever set to Active or Inactive. Facts: status."""
