"""Settings that are known but not built: they are refused, never taken and ignored.

docs/divergences.md lists them. A setting that protects somebody must not look as if it worked.
"""

from poolgate.foundation.failure import Failure


class SettingNotBuilt(Failure):
    """A request sets something this server cannot do yet. Facts: member."""


def refuse_if(unbuilt: object, member: str) -> None:
    """Raise SettingNotBuilt naming `member` when the request asks for something unbuilt."""
    if unbuilt:
        raise SettingNotBuilt(member=member)
