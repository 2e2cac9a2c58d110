"""Identity providers at `/login`: a link to each, and a field for whoever knows only an address.

    /login ──link──> /login?...&identity_provider=NAME ──> the provider
       └──address──> /login (leaving) ──> the same link, which the page follows by itself

No form leads out of this server: browsers hold every redirect that follows one against the page's
policy, and nobody knows where providers redirect to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from poolgate.login.visits import LOGIN, Visit
from poolgate.login.wording import Told
from poolgate.oauth.authorization_requests import LOCAL_USERS
from poolgate.oauth.federation import begin_federation, wants_federation
from poolgate.userpools import identity_providers
from poolgate.userpools.provider_details import ProviderType
from poolgate.web.messages import HttpResponse
from poolgate.web.parameters import parse_parameters, render_parameters

ADDRESS_FIELD = "organization"
_BRANDS: Mapping[str, str] = {
    ProviderType.AMAZON: "Amazon",
    ProviderType.APPLE: "Apple",
}
_SOCIAL = frozenset(kind.value for kind in ProviderType if kind.is_social)


@dataclass(frozen=True, slots=True)
class ProviderLink:
    """A way to sign in elsewhere."""

    name: str
    location: str


def has_local_users(visit: Visit) -> bool:
    """Tell whether the app client's users may have a password here."""
    return LOCAL_USERS in _taken(visit)


def find_departure(visit: Visit) -> HttpResponse | None:
    """Send the browser to the provider that the request names, or to the only one there is.

    Raises RequestRefused.
    """
    request, taken = visit.request, _taken(visit)
    if request.identity_provider is None and len(taken) == 1 and not has_local_users(visit):
        # AWS login endpoint: nothing to choose, nothing to show.
        request = replace(request, identity_provider=taken[0])
    if not wants_federation(request):
        return None
    return begin_federation(visit.call, visit.place, visit.http, request, visit.http.query)


def links_of(visit: Visit) -> tuple[ProviderLink, ...]:
    """Return links to the providers that the app client takes; none where one is named.

    # AWS "Choosing SAML identity provider names": those that an address leads to are not listed, so
    # that no company learns of another one.
    """
    if visit.request.identity_provider is not None:
        return ()
    unlisted = {LOCAL_USERS, *_with_identifiers(visit)}
    return tuple(
        ProviderLink(_BRANDS.get(name, name), _location(visit, name))
        for name in _taken(visit)
        if name not in unlisted
    )


def takes_addresses(visit: Visit) -> bool:
    """Tell whether somebody's address may say which provider it is."""
    return visit.request.identity_provider is None and bool(_with_identifiers(visit))


def take_address(visit: Visit) -> HttpResponse:
    """Find the provider of an address, by its domain or by any other identifier."""
    typed = visit.form.get(ADDRESS_FIELD, "").strip()
    domain = typed.rpartition("@")[2]
    with visit.call.db.reading() as transaction:
        found = (
            identity_providers.find_name(transaction, visit.place.pool_id, identifier)
            for identifier in (domain.lower(), domain)
        )
        name = next(filter(None, found), None)
    if name is None or name not in _taken(visit):
        told = Told(visit.texts.NO_ORGANIZATION, (ADDRESS_FIELD,))
        return visit.again(LOGIN, told, **{ADDRESS_FIELD: typed})
    return visit.go(LOGIN, visit.remembering(leaving_for=name, username=typed))


def show_leaving(visit: Visit) -> HttpResponse:
    """Show the page that leads on to the provider that was found."""
    name, state = visit.state.leaving_for, visit.remembering()
    location = _location(visit, name, login_hint=visit.state.username)
    label = visit.texts.CONTINUE_WITH.format(name=name)
    return replace(visit, state=state).show(
        "leaving.html", title=label, location=location, label=label
    )


def _taken(visit: Visit) -> tuple[str, ...]:
    return visit.request.app_client.identity_providers or (LOCAL_USERS,)


def _with_identifiers(visit: Visit) -> frozenset[str]:
    if _SOCIAL.union({LOCAL_USERS}).issuperset(_taken(visit)):
        return frozenset()
    with visit.call.db.reading() as transaction:
        return identity_providers.names_with_identifiers(
            transaction, visit.place.pool_id
        ).intersection(_taken(visit))


def _location(visit: Visit, name: str, *, login_hint: str = "") -> str:
    chosen = {"identity_provider": name}
    if "@" in login_hint and "login_hint" not in parse_parameters(visit.http.query.encode()):
        chosen["login_hint"] = login_hint
    return f"{visit.link(LOGIN)}&{render_parameters(chosen.items())}"
