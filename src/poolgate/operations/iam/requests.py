"""What a request may ask for by its shape and is refused here."""

from poolgate.foundation.failure import Failure


class BoundaryNotFound(Failure):
    """No managed policy can be a permissions boundary here. Facts: arn."""


class StatusNotSettable(Failure):
    """An access key is only ever set to Active or Inactive. Facts: status."""
