"""Times as SAML writes them: UTC, always."""

import re
from datetime import UTC, datetime

from poolgate.saml.failures import SamlRefused

# SPEC saml-core-2.0 s1.3.3: no other zone than UTC; fractions may be there.
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?(?:Z|\+00:00)?")


class TimeMalformed(SamlRefused):
    """The text is no time of SAML's."""


def parse_time(text: str) -> datetime:
    """Return the time, to the second; raise TimeMalformed."""
    found = _TIME.fullmatch(text.strip())
    if found is None or not text.isascii():
        raise TimeMalformed
    try:
        return datetime.fromisoformat(found[1]).replace(tzinfo=UTC)
    except ValueError as error:
        raise TimeMalformed from error


def render_time(moment: datetime) -> str:
    """Return the time as messages carry it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
