"""A visit to a page: the authorization request that it serves, the form, and the way on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from poolgate.login.forgery import csrf_cookie, csrf_token, is_own_form
from poolgate.login.language_choice import kept_choice, language_links, texts_for
from poolgate.login.looks import looks_of
from poolgate.login.page_states import (
    PageState,
    find_state,
    new_state_id,
    page_cookie,
    render_state,
)
from poolgate.login.pages import render_template
from poolgate.login.texts import Texts
from poolgate.login.wording import Told
from poolgate.oauth.authorization_requests import AuthorizationRequest
from poolgate.oauth.carried_requests import read_carried
from poolgate.oauth.places import Place
from poolgate.store.call import Call
from poolgate.userpools import pools, usernames
from poolgate.userpools.pools import UserPool
from poolgate.web.messages import HttpRequest, HttpResponse
from poolgate.web.parameters import (
    ParameterRepeated,
    ParametersMalformed,
    is_form,
    parse_parameters,
)

ADD_PASSKEY = "/passkeys/add"
LOGIN, CHALLENGE, SIGN_UP, CONFIRM = "/login", "/challenge", "/signup", "/confirm"
RESEND, FORGOT, RESET = "/resendcode", "/forgotPassword", "/confirmforgotPassword"
SEE_OTHER = 303
_USERNAME = "username"
# AWS PasswordType, AttributeValueType.
_MOST_CHARACTERS: Mapping[str, int] = {
    **dict.fromkeys(("password", "new_password", "repeated"), 256),
    # What a browser makes of a passkey, each part bounded by the domain.
    "credential": 128 * 1024,
}
_MOST_OF_OTHERS = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request for a page of a sign-in; `state` is what the browser brought."""

    call: Call
    http: HttpRequest
    place: Place
    request: AuthorizationRequest
    pool: UserPool
    state: PageState
    texts: Texts
    form: Mapping[str, str]
    is_posted: bool

    @property
    def client_id(self) -> str:
        """The app client that somebody signs in to."""
        return self.request.app_client.client_id

    def link(self, path: str) -> str:
        """Return the URL of another page for the same authorization request."""
        return f"{self.place.base_path}{path}?{self.http.query}"

    def remembering(self, **changes: Any) -> PageState:  # noqa: ANN401 - members of PageState
        """Return a fresh state with nothing in it but the changes."""
        return PageState(client_id=self.client_id, **changes)

    def go(self, path: str, state: PageState) -> HttpResponse:
        """Send the browser to another page, which the state tells what to show."""
        # SPEC RFC 9700 s4.12: never 307, which would post what was typed once more.
        return HttpResponse(
            SEE_OTHER,
            {"location": self.link(path)},
            cookies=(render_state(self.call, self.place, state),),
        )

    def again(self, path: str, told: Told, **typed: str) -> HttpResponse:
        """Show a page once more with what was wrong."""
        kept = msgspec.structs.replace(
            self.state, fault=told.text, fault_fields=told.fields, notice="", typed=typed
        )
        return self.go(path, kept)

    def show(self, template: str, **shown: object) -> HttpResponse:
        """Return a page; what was to be said once is said now."""
        token = csrf_token(self.place, self.http)
        kept = msgspec.structs.replace(
            self.state, state_id=new_state_id(), fault="", fault_fields=(), notice="", typed={}
        )
        with self.call.db.reading() as transaction:
            looks = looks_of(
                transaction, self.place, self.request.app_client.client_id, self.call.public_url
            )
        return render_template(
            template,
            texts=self.texts,
            languages=language_links(self.http, self.place, self.texts),
            looks=looks,
            redirect_uri=self.request.answer_to.redirect_uri,
            cookies=(
                csrf_cookie(self.place).render(token),
                render_state(self.call, self.place, kept),
                *kept_choice(self.http, self.place),
            ),
            values={
                "visit": self,
                "csrf": token,
                "state_id": kept.state_id,
                "fault": self.state.fault,
                "fault_fields": self.state.fault_fields,
                "notice": self.state.notice,
                "typed": self.state.typed,
                **shown,
            },
        )


def forgetting(place: Place) -> str:
    """Return the Set-Cookie that ends what the pages remember."""
    return page_cookie(place).render_removal()


def read_visit(call: Call, http: HttpRequest, place: Place) -> Visit:
    """Return the visit; a form that is not our own is read as if nothing had been posted.

    Raises RequestUnanswerable, RequestRefused, ParametersMalformed or ParameterRepeated.
    """
    sent = parse_parameters(http.query.encode())
    request = read_carried(call, place, sent)
    with call.db.reading() as transaction:
        pool = pools.get(transaction, place.pool_id)
    form: Mapping[str, str] = {}
    is_posted = False
    if http.method == "POST":
        posted = form_of(http)
        is_posted = is_own_form(place, http, posted)
        form = posted if is_posted else {}
    client_id = request.app_client.client_id
    state = find_state(call, place, http, client_id) or PageState(client_id=client_id)
    texts = texts_for(http, place, request.languages)
    if not all(map(is_storable, form.items())):
        form, is_posted = {}, False
        state = msgspec.structs.replace(state, fault=texts.UNUSABLE, fault_fields=())
    return Visit(
        call=call,
        http=http,
        place=place,
        request=request,
        pool=pool,
        state=state,
        texts=texts,
        form=form,
        is_posted=is_posted,
    )


def is_storable(field: tuple[str, str]) -> bool:
    """Tell whether an operation of the API would take the value that was typed."""
    name, value = field
    if name == _USERNAME:
        return usernames.is_storable(value.strip())
    return len(value) <= _MOST_CHARACTERS.get(name, _MOST_OF_OTHERS)


def form_of(http: HttpRequest) -> Mapping[str, str]:
    """Return what was posted, nothing where it is no form."""
    if not is_form(http.header("content-type")):
        return {}
    try:
        return parse_parameters(http.body)
    except (ParametersMalformed, ParameterRepeated):
        return {}
