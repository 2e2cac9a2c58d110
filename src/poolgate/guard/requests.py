"""One request of the guarded API, as it arrived."""

from dataclasses import dataclass, field

from poolgate.guard.paths import plain_path


@dataclass(frozen=True, slots=True)
class GuardRequest:
    """A request to be authenticated.

    Arguments:
        method: The HTTP method as sent.
        path: The raw path: percent-encoded as on the wire, without the query. A signature covers
            exactly this, so a decoded path makes signed requests fail.
        query: The raw query without its `?`.
        headers: Pairs of name and value in order of arrival; names in any case, repeats kept.
        body: The whole body, which only signed requests need; None when it was not read.
        scheme: `http` or `https`, as the client spoke it.
        remote_address: The peer's IP address, or None when it is not known. Never take it from a
            forwarded header unless the sender of that header is trusted.
    """

    method: str
    path: str
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = field(default=b"", repr=False)
    scheme: str = "http"
    remote_address: str | None = None

    def header_values(self, name: str) -> list[str]:
        """Return every value of the header of that lower-case name, in order of arrival."""
        return [value for key, value in self.headers if key.lower() == name]

    def plain_path(self) -> str:
        """Return the decoded path, for rules that depend on it.

        Raises:
            Forbidden: The path has empty or dot segments, or hides a separator in an escape, so
                that the API might take it for another one; 403.
        """
        return plain_path(self.path)
