"""What all refusals of this room are."""

from poolgate.foundation.failure import Failure


class SamlRefused(Failure):
    """A message or document of a partner does not count; subclasses say why."""
