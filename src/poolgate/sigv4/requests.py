"""One HTTP request as it arrived, in the parts that a signature covers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RequestParts:
    """A request before anything was decoded.

    `path` and `query` are raw (percent-encoded, the query without its `?`). `headers` keep their
    order of arrival; names are in any case and may repeat. Header values are text, one character a
    byte as WSGI hands them over. Where the body itself is not at hand, `body_sha256` is the lower
    case hex digest of it and `body` stays empty.
    """

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    body_sha256: str | None = None
    _by_name: dict[str, list[str]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def headers_by_name(self) -> Mapping[str, Sequence[str]]:
        """Return the values of each header under its lower-case name, in order of arrival."""
        if self._by_name:
            # Parsing a proof and verifying it both ask for them.
            return self._by_name
        by_name: dict[str, list[str]] = {}
        for name, value in self.headers:
            lower_name = name.lower()
            if lower_name in by_name:
                by_name[lower_name].append(value)
            else:
                by_name[lower_name] = [value]
        # INVARIANT: in one step; another thread must never see half of the headers.
        self._by_name.update(by_name)
        return by_name
