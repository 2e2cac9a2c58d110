"""A visit to the pages about one's own account: who is signed in, the form, and the way on.

    no session ──────────────────────────> /login ──> back
    signed in long ago, for a risky change ──> /login ──> back

A form counts if it was shown to this very browser session: in another window somebody else may have
signed in since.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from poolgate.foundation.failure import Failure
from poolgate.login.forgery import csrf_cookie, csrf_token, is_own_form
from poolgate.login.language_choice import kept_choice, language_links, texts_for
from poolgate.login.looks import looks_of
from poolgate.login.pages import render_page, render_template
from poolgate.login.sealed_cookies import find_kept, sealed
from poolgate.login.texts import Texts
from poolgate.login.visits import SEE_OTHER, form_of, is_storable
from poolgate.login.wording import Told, find_told
from poolgate.oauth.browser_cookies import find_browser_session
from poolgate.oauth.carried_requests import PARAMETER, carry, location_of_sign_in
from poolgate.oauth.places import Place
from poolgate.store.call import Call
from poolgate.userpools import app_clients, browser_sessions, pools
from poolgate.userpools.access_tokens import SignedIn
from poolgate.userpools.app_clients import AppClient, AppClientNotFound
from poolgate.userpools.browser_sessions import BrowserSession
from poolgate.userpools.grants import CODE, IMPLICIT
from poolgate.userpools.pools import UserPool
from poolgate.userpools.users import User
from poolgate.web.cookies import Cookie
from poolgate.web.messages import HttpRequest, HttpResponse
from poolgate.web.parameters import (
    ParameterRepeated,
    ParametersMalformed,
    parse_parameters,
    render_parameters,
)

ACCOUNT = "/account"
SHOWN_TO = "session_id"
_OK, _NOT_ALLOWED, _BAD_REQUEST = 200, 405, 400
_PURPOSE = "account page state"
_LIFETIME_SECONDS = 900
# AWS "Quotas": app clients of a user pool.
_MOST_CLIENTS = 1000
Answer = Callable[[Call, HttpRequest, Place], HttpResponse]


class AccountState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the pages remember of this session; `fault` and `notice` are said once."""

    session_id: str
    expires_at: int
    fault: str = ""
    fault_fields: tuple[str, ...] = ()
    notice: str = ""
    totp_secret: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountVisit:
    """One request of somebody who is signed in; `state` is what the browser brought."""

    call: Call
    http: HttpRequest
    place: Place
    texts: Texts
    pool: UserPool
    app_client: AppClient
    browser_session: BrowserSession
    state: AccountState
    form: Mapping[str, str]
    is_posted: bool

    @property
    def user(self) -> User:
        """Who is signed in."""
        return self.browser_session.user

    @property
    def signed_in(self) -> SignedIn:
        """The user for what signed-in users may do."""
        return browser_sessions.signed_in(self.browser_session, self.pool, self.app_client)

    @property
    def has_made_up_name(self) -> bool:
        """Tell whether the user signs in by an address alone: the username is the sub then."""
        return str(self.user.username) == str(self.user.sub)

    @property
    def shown_name(self) -> str:
        """What the user knows the account by."""
        if not self.has_made_up_name:
            return self.user.username
        addresses = (self.user.attributes.get(name) for name in ("email", "phone_number"))
        return next((address for address in addresses if address), self.user.username)

    def link(self, path: str) -> str:
        """Return the URL of a page of the domain."""
        return self.place.base_path + path

    def link_of_sign_in_pages(self, path: str) -> str:
        """Return the URL of a page that serves a request, and comes back here in the end."""
        named = {"client_id": self.app_client.client_id}
        carried = carry(self.call, self.place.pool_id, named, return_to=ACCOUNT)
        return f"{self.link(path)}?{render_parameters(((PARAMETER, carried),))}"

    def go(self, path: str, *, notice: str = "", cookies: tuple[str, ...] = ()) -> HttpResponse:
        """Send the browser to a page, with something to say there."""
        return self._go(
            path, msgspec.structs.replace(_nothing_said(self.state), notice=notice), cookies
        )

    def going_on(self, path: str) -> HttpResponse:
        """Send the browser to a page that says what this request would have said."""
        return self._go(path, self.state, ())

    def leave(self, path: str, *cookies: str) -> HttpResponse:
        """Send the browser to a page, with nothing of this session left in it."""
        return HttpResponse(
            SEE_OTHER,
            {"location": self.link(path)},
            cookies=(*cookies, account_cookie(self.place).render_removal()),
        )

    def again(self, path: str, told: Told) -> HttpResponse:
        """Show a page once more with what was wrong; the secret of a new app stays."""
        wrong = msgspec.structs.replace(
            self.state, fault=told.text, fault_fields=told.fields, notice=""
        )
        return self._go(path, wrong, ())

    def remembering(self, path: str, totp_secret: str) -> HttpResponse:
        """Send the browser to the page that shows the secret of a new authenticator app."""
        state = msgspec.structs.replace(_nothing_said(self.state), totp_secret=totp_secret)
        return self._go(path, state, ())

    def proving_anew(self, path: str) -> HttpResponse | None:
        """Return the way by the login page for whoever signed in too long ago, else None."""
        if browser_sessions.is_fresh(self.browser_session, self.call.now_millis):
            return None
        location = location_of_sign_in(
            self.call,
            self.place,
            self.app_client.client_id,
            return_to=path,
            login_hint=self.shown_name,
        )
        return HttpResponse(SEE_OTHER, {"location": location})

    def show(self, template: str, **shown: object) -> HttpResponse:
        """Return a page; what was to be said once is said now."""
        token = csrf_token(self.place, self.http)
        with self.call.db.reading() as transaction:
            looks = looks_of(
                transaction, self.place, self.app_client.client_id, self.call.public_url
            )
        kept = msgspec.structs.replace(
            _nothing_said(self.state), totp_secret=self.state.totp_secret
        )
        return render_template(
            template,
            texts=self.texts,
            languages=language_links(self.http, self.place, self.texts),
            looks=looks,
            redirect_uri="",
            cookies=(
                csrf_cookie(self.place).render(token),
                self._rendered(kept),
                *kept_choice(self.http, self.place),
            ),
            values={
                "visit": self,
                "csrf": token,
                "fault": self.state.fault,
                "fault_fields": self.state.fault_fields,
                "notice": self.state.notice,
                **shown,
            },
        )

    def _go(self, path: str, state: AccountState, cookies: tuple[str, ...]) -> HttpResponse:
        return HttpResponse(
            SEE_OTHER,
            {"location": self.link(path)},
            cookies=(*cookies, self._rendered(state)),
        )

    def _rendered(self, state: AccountState) -> str:
        dated = msgspec.structs.replace(
            state, expires_at=self.call.now_millis + _LIFETIME_SECONDS * 1000
        )
        text = sealed(self.call, self.place.pool_id, dated, purpose=_PURPOSE)
        return account_cookie(self.place).render(text, max_age_seconds=_LIFETIME_SECONDS)


def of_an_account(page: Callable[[AccountVisit], HttpResponse]) -> Answer:
    """Return what answers for a page about the account of whoever is signed in."""

    def answer(call: Call, http: HttpRequest, place: Place) -> HttpResponse:
        if http.method not in {"GET", "POST"}:
            return HttpResponse(_NOT_ALLOWED, {"allow": "GET, POST"})
        browser_session = find_browser_session(call, place, http)
        if browser_session is None:
            return _to_sign_in(call, http, place)
        try:
            return page(_read(call, http, place, browser_session))
        except AppClientNotFound:
            # The one that the browser signed in to was deleted since.
            return _to_sign_in(call, http, place)

    return answer


def answer_signed_out(call: Call, http: HttpRequest, place: Place) -> HttpResponse:
    """Say that somebody is signed out; a browser that is not has gone on meanwhile."""
    if find_browser_session(call, place, http) is not None:
        return HttpResponse(SEE_OTHER, {"location": place.base_path + ACCOUNT})
    texts = texts_for(http, place)
    return render_page(_OK, texts, texts.SIGNED_OUT_TITLE, texts.SIGNED_OUT)


def guarded(
    visit: AccountVisit,
    path: str,
    take: Callable[[], HttpResponse],
    *,
    worded: Mapping[type[Failure], str] | None = None,
) -> HttpResponse:
    """Return what the change leads to, or the page once more with what was wrong.

    `worded` names texts that fit better here than those of the sign-in.
    """
    try:
        return take()
    except Failure as failure:
        told = find_told(failure, visit.texts, worded)
        if told is None:
            raise
        again = visit.again(path, told)
        return HttpResponse(
            again.status, again.headers, cookies=again.cookies, error_code=type(failure).__name__
        )


def account_cookie(place: Place) -> Cookie:
    """Return the cookie as it is called at this place."""
    return Cookie(f"account-data-{place.named.domain}", is_secure=place.is_secure)


def _nothing_said(state: AccountState) -> AccountState:
    return AccountState(session_id=state.session_id, expires_at=state.expires_at)


def _read(
    call: Call, http: HttpRequest, place: Place, browser_session: BrowserSession
) -> AccountVisit:
    with call.db.reading() as transaction:
        pool = pools.get(transaction, place.pool_id)
        app_client = app_clients.get(transaction, browser_session.client_id, place.pool_id)
    texts = texts_for(http, place)
    state = _state(call, http, place, browser_session)
    posted = form_of(http) if http.method == "POST" else {}
    is_posted = bool(posted) and is_own_form(place, http, posted)
    if is_posted and posted.get(SHOWN_TO) != browser_session.session_id:
        state, is_posted = msgspec.structs.replace(state, fault=texts.TOO_OLD), False
    if is_posted and not all(map(is_storable, posted.items())):
        state, is_posted = msgspec.structs.replace(state, fault=texts.UNUSABLE), False
    return AccountVisit(
        call=call,
        http=http,
        place=place,
        texts=texts,
        pool=pool,
        app_client=app_client,
        browser_session=browser_session,
        state=state,
        form=posted if is_posted else {},
        is_posted=is_posted,
    )


def _state(
    call: Call, http: HttpRequest, place: Place, browser_session: BrowserSession
) -> AccountState:
    cookie = account_cookie(place)
    kept = find_kept(call, place.pool_id, http, cookie, AccountState, purpose=_PURPOSE)
    session_id = browser_session.session_id
    if kept is None or kept.session_id != session_id or call.now_millis >= kept.expires_at:
        return AccountState(session_id=session_id, expires_at=0)
    return kept


def _to_sign_in(call: Call, http: HttpRequest, place: Place) -> HttpResponse:
    """Send a browser that is not signed in to the login page, if it can be told which app's."""
    app_client = _app_client_of(call, http, place)
    if app_client is None:
        texts = texts_for(http, place)
        return render_page(_BAD_REQUEST, texts, texts.ACCOUNT_TITLE, texts.ACCOUNT_FROM_AN_APP)
    location = location_of_sign_in(call, place, app_client.client_id, return_to=ACCOUNT)
    return HttpResponse(SEE_OTHER, {"location": location}, cookies=kept_choice(http, place))


def _app_client_of(call: Call, http: HttpRequest, place: Place) -> AppClient | None:
    """Return the app client that the link names; where the pool has one alone, that is it."""
    try:
        named = parse_parameters(http.query.encode()).get("client_id")
    except (ParametersMalformed, ParameterRepeated):
        named = None
    with call.db.reading() as transaction:
        page = app_clients.list_clients(transaction, place.pool_id, after="", limit=_MOST_CLIENTS)
    fitting = [
        app_client
        for app_client in page.rows
        if app_client.oauth_allowed and {CODE, IMPLICIT} & set(app_client.oauth_flows or ())
    ]
    if named is not None:
        return next((each for each in fitting if each.client_id == named), None)
    return fitting[0] if len(fitting) == 1 else None
