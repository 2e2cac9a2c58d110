"""Which pool's domain a request is for: by a path below `/domains/`, or by its Host."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from poolgate.foundation.ids import PoolId
from poolgate.store.call import Call
from poolgate.userpools import domains
from poolgate.web.messages import HttpRequest

PREFIX = "/domains/"
_MOST_PATH_CHARACTERS = 300
# AWS: {prefix}.auth.{region}.amazoncognito.com; here any name that goes on like this.
_SECOND_LABEL = "auth."


@dataclass(frozen=True, slots=True)
class NamedDomain:
    """The domain that a request names; `path` is what follows `base_url` in the request.

    A Host like `login.auth.example.com` may be a custom domain itself: that is `custom_domain`.
    """

    domain: str
    base_url: str
    path: str
    custom_domain: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a pool's OAuth endpoints and login pages are, and which of them was asked for."""

    pool_id: PoolId
    named: NamedDomain
    is_managed_login: bool = False

    @property
    def base_url(self) -> str:
        """The domain's URL, without a slash at the end."""
        return self.named.base_url

    @property
    def base_path(self) -> str:
        """What the paths of the domain's own URLs begin with, as the browser sees them."""
        return urlsplit(self.named.base_url).path

    @property
    def is_secure(self) -> bool:
        """Tell whether browsers reach the domain by https."""
        return self.named.base_url.startswith("https:")


def own_urls(call: Call, place: Place, path: str) -> frozenset[str]:
    """Return the URLs of a path of the domain, as this server publishes them."""
    # INVARIANT: never the Host of the request, which whoever sends it chooses: what was made for
    # another server would be at home here.
    bases = [base_url_of(call.public_url, place.named.domain)]
    if "." in place.named.domain:
        bases.append(f"https://{place.named.domain}")
    return frozenset(base + path for base in bases)


def base_url_of(public_url: str, domain: str) -> str:
    """Return where the endpoints of a domain are, without a slash at the end."""
    return f"{public_url}{PREFIX}{domain}"


def named_domain(public_url: str, http: HttpRequest) -> NamedDomain | None:
    """Return the domain that the request names, whether or not a pool has it."""
    if len(http.path) > _MOST_PATH_CHARACTERS:
        return None
    if http.path.startswith(PREFIX):
        domain, slash, path = http.path.removeprefix(PREFIX).partition("/")
        return NamedDomain(domain, base_url_of(public_url, domain), slash + path)
    host = (http.header("host") or "").lower()
    name = host.partition(":")[0]
    prefix, _, rest = name.partition(".")
    base_url = f"{http.scheme}://{host}"
    if rest.startswith(_SECOND_LABEL):
        return NamedDomain(prefix, base_url, http.path, custom_domain=name)
    return NamedDomain(name, base_url, http.path)


def find_place(call: Call, named: NamedDomain) -> Place | None:
    """Return the place, or None where no pool has the domain."""
    with call.db.reading() as transaction:
        found = named.custom_domain and domains.find(transaction, named.custom_domain)
        found = found or domains.find(transaction, named.domain)
    if found is None:
        return None
    is_managed_login = found.managed_login_version == domains.MANAGED_LOGIN
    return Place(found.pool_id, named, is_managed_login)
