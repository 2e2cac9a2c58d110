"""One HTTP request as it arrived, in the parts that a signature covers."""

from dataclasses import dataclass


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

    def headers_by_name(self) -> dict[str, list[str]]:
        """Return the values of each header under its lower-case name, in order of arrival."""
        by_name: dict[str, list[str]] = {}
        for name, value in self.headers:
            lower_name = name.lower()
            if lower_name in by_name:
                by_name[lower_name].append(value)
            else:
                by_name[lower_name] = [value]
        return by_name
