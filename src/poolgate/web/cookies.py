"""Cookies that only this server reads: as narrow as browsers can make them.

With https the name begins with `__Host-`: such a cookie was set by this very host, by https, for
every path, and no other host below the same domain can put one in its place. Without https, which
is for loop-back only, browsers refuse that name and the `Secure` attribute.
"""

from dataclasses import dataclass

from poolgate.web.messages import HttpRequest


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie's name, as this server writes it; never visible to script."""

    plain_name: str
    is_secure: bool
    # Sent along with forms that other sites post, too; browsers want `Secure` for that, which they
    # take from loop-back without https.
    crosses_sites: bool = False

    @property
    def name(self) -> str:
        """The name that the browser knows."""
        return f"__Host-{self.plain_name}" if self.is_secure else self.plain_name

    def find(self, http: HttpRequest) -> str | None:
        """Return the value that the browser sent, None when it sent none or an empty one."""
        for pair in (http.header("cookie") or "").split(";"):
            name, _, value = pair.strip().partition("=")
            if name == self.name and value:
                return value
        return None

    def render(self, value: str, *, max_age_seconds: int | None = None) -> str:
        """Return the header that sets it; without an age it ends with the browser."""
        same_site = "None" if self.crosses_sites else "Lax"
        parts = [f"{self.name}={value}", "Path=/", "HttpOnly", f"SameSite={same_site}"]
        if max_age_seconds is not None:
            parts.append(f"Max-Age={max_age_seconds}")
        if self.is_secure or self.crosses_sites:
            parts.append("Secure")
        return "; ".join(parts)

    def render_removal(self) -> str:
        """Return the header that makes the browser forget it."""
        return self.render("", max_age_seconds=0)
