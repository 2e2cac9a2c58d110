"""Signing in at the pages: `/login`, and `/challenge` for everything that is owed after it.

    /login ──password──> /challenge ──answer──> /challenge ... ──> back to the app, with a code
       ├── name ───────────> /challenge: a choice of proofs (first_factor_pages) ──> as above
       │                     └── too late, or another window ──> /login
       ├── another provider ───> there, and back at /oauth2/idpresponse
       ├── not confirmed yet ──> /confirm
       └── password reset ────> /confirmforgotPassword

Every form is answered with 303. What is owed is decided by the domain; here it becomes pages.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import msgspec

from poolgate.foundation.secret import Secret
from poolgate.login import first_factor_pages, providers, scripts
from poolgate.login.faults import guarded
from poolgate.login.fields import (
    PREFIX,
    attribute_fields,
    login_name_label,
    password_rule,
    typed_attributes,
)
from poolgate.login.page_states import PageState
from poolgate.login.pictures import authenticator_picture
from poolgate.login.visits import (
    CHALLENGE,
    CONFIRM,
    LOGIN,
    RESET,
    SEE_OTHER,
    Visit,
    forgetting,
)
from poolgate.login.wording import not_repeated
from poolgate.oauth.authorization_responses import location_after_sign_in
from poolgate.oauth.browser_cookies import presented_session, session_cookie
from poolgate.userpools import browser_sessions, sign_in, software_token_setup
from poolgate.userpools.auth_flows import Attempt, AuthFlow
from poolgate.userpools.auth_sessions import Door
from poolgate.userpools.browser_sessions import BrowserSignIn, lifetime_seconds
from poolgate.userpools.challenge_answers import Answer
from poolgate.userpools.challenges import Challenge
from poolgate.userpools.issued_challenges import ChallengeIssued
from poolgate.userpools.mfa_settings import MfaFactor
from poolgate.userpools.sign_in import Outcome, UserNotConfirmed
from poolgate.userpools.sign_in_progress import PasswordResetRequired
from poolgate.web.messages import HttpResponse

# ---- /login ---------------------------------------------------------------------------------


def login(visit: Visit) -> HttpResponse:
    """Show the form for name and password, or take it."""
    if visit.is_posted:
        if providers.ADDRESS_FIELD in visit.form:
            return providers.take_address(visit)
        if providers.has_local_users(visit):
            return guarded(visit, LOGIN, _begin)
    departure = providers.find_departure(visit)
    if departure is not None:
        return departure
    if visit.state.leaving_for:
        return providers.show_leaving(visit)
    return _show_form(visit)


def _show_form(visit: Visit) -> HttpResponse:
    passkey = first_factor_pages.passkey_offered(visit)
    return replace(visit, state=_without_step(visit.state)).show(
        "login.html",
        script_path=visit.place.base_path + scripts.PASSKEYS if passkey else "",
        passkey=passkey,
        title=visit.texts.SIGN_IN_TITLE,
        name_label=login_name_label(visit.texts, visit.pool),
        username=visit.state.username or visit.request.login_hint or "",
        asks_for_password=not first_factor_pages.begins_by_choice(visit),
        has_local_users=providers.has_local_users(visit),
        provider_links=providers.links_of(visit),
        takes_addresses=providers.takes_addresses(visit),
        can_recover=visit.pool.recovery_mechanisms != ("admin_only",),
        can_sign_up=not visit.pool.admin_create_user_only,
    )


def _begin(visit: Visit) -> HttpResponse:
    by_choice = first_factor_pages.begins_by_choice(visit)
    if by_choice and "credential" in visit.form:
        return _begin_with_passkey(visit)
    username = visit.form.get("username", "").strip()
    attempt = Attempt(
        door=Door.PAGES,
        flow=AuthFlow.USER_AUTH if by_choice else AuthFlow.USER_PASSWORD_AUTH,
        login_name=username,
        password=Secret(visit.form.get("password", "")) if "password" in visit.form else None,
        target_acr_values=" ".join(visit.request.acr_values),
    )
    client_id = visit.request.app_client.client_id
    return _go_on(visit, username, lambda: sign_in.begin(visit.call, client_id, attempt))


def _begin_with_passkey(visit: Visit) -> HttpResponse:
    if not visit.form["credential"]:
        # Only a browser without script sends none.
        return visit.go(LOGIN, visit.remembering(fault=visit.texts.PASSKEYS_NEED_SCRIPT))
    found = first_factor_pages.passkey_found(visit)
    name = found.situation.login_name
    return _go_on(visit, name, lambda: sign_in.begin_with_passkey(visit.call, found))


def go_on_after_sign_up(visit: Visit, username: str, auth_session: Secret) -> HttpResponse:
    """Sign somebody in who confirmed the account just now, as far as nothing else is owed."""
    client_id = visit.request.app_client.client_id
    return _go_on(
        visit,
        username,
        lambda: sign_in.continue_after_sign_up(visit.call, client_id, auth_session),
    )


def sign_in_with_password(visit: Visit, username: str, password: Secret) -> HttpResponse:
    """Sign somebody in by name and password, whichever of the pages they were typed on."""
    attempt = Attempt(
        door=Door.PAGES,
        flow=AuthFlow.USER_PASSWORD_AUTH,
        login_name=username,
        password=password,
        target_acr_values=" ".join(visit.request.acr_values),
    )
    client_id = visit.request.app_client.client_id
    return _go_on(visit, username, lambda: sign_in.begin(visit.call, client_id, attempt))


def _go_on(visit: Visit, username: str, step: Callable[[], Outcome]) -> HttpResponse:
    """Follow where the step leads; who must do something else before is sent there."""
    try:
        outcome = step()
    except UserNotConfirmed as failure:
        proven = failure.auth_session.reveal() if failure.auth_session else ""
        return visit.go(CONFIRM, visit.remembering(username=username, auth_session=proven))
    except PasswordResetRequired:
        return visit.go(RESET, visit.remembering(username=username))
    return _follow(visit, username, outcome)


def _without_step(state: PageState) -> PageState:
    """Return the state of a browser that begins anew."""
    return PageState(
        client_id=state.client_id,
        username=state.username,
        fault=state.fault,
        fault_fields=state.fault_fields,
        notice=state.notice,
        typed=state.typed,
    )


# ---- what a step leads to -------------------------------------------------------------------


def _follow(visit: Visit, username: str, outcome: Outcome) -> HttpResponse:
    if isinstance(outcome, BrowserSignIn):
        return _signed_in(visit, outcome)
    if not isinstance(outcome, ChallengeIssued):
        raise TypeError("the login pages get no tokens")
    if outcome.challenge not in _PAGES:
        # AWS managed login: no custom challenges, no remembered devices.
        return visit.go(LOGIN, visit.remembering(username=username, fault=visit.texts.CANNOT))
    state = _state_of(visit, username, outcome)
    if outcome.challenge is Challenge.MFA_SETUP and state.choices == (
        MfaFactor.SOFTWARE_TOKEN_MFA,
    ):
        state = _with_new_authenticator(visit, state)
    return visit.go(CHALLENGE, state)


def _signed_in(visit: Visit, signed_in: BrowserSignIn) -> HttpResponse:
    """Send the browser back to the app, with its new session in place of a former one."""
    former = presented_session(visit.place, visit.http)
    if former is not None:
        with visit.call.db.writing() as transaction:
            browser_sessions.end(transaction, former)
    location = location_after_sign_in(visit.call, visit.request, signed_in.browser_session)
    cookie = session_cookie(visit.place).render(
        signed_in.cookie.reveal(), max_age_seconds=lifetime_seconds(visit.pool)
    )
    return HttpResponse(
        SEE_OTHER, {"location": location}, cookies=(cookie, forgetting(visit.place))
    )


def _state_of(visit: Visit, username: str, issued: ChallengeIssued) -> PageState:
    parameters = issued.parameters
    choices = parameters.get("MFAS_CAN_CHOOSE") or parameters.get("MFAS_CAN_SETUP") or "[]"
    required = msgspec.json.decode(parameters.get("requiredAttributes", "[]"), type=list[str])
    return visit.remembering(
        username=username,
        challenge=issued.challenge,
        auth_session=issued.auth_session.reveal() if issued.auth_session else "",
        choices=tuple(msgspec.json.decode(choices, type=list[str]))
        or first_factor_pages.choices_of(issued.available),
        required=tuple(name.removeprefix("userAttributes.") for name in required),
        destination=parameters.get("CODE_DELIVERY_DESTINATION")
        or parameters.get("FRIENDLY_DEVICE_NAME", ""),
    )


def _with_new_authenticator(visit: Visit, state: PageState) -> PageState:
    totp_secret, auth_session = software_token_setup.begin(visit.call, Secret(state.auth_session))
    return msgspec.structs.replace(
        state, totp_secret=totp_secret.reveal(), auth_session=auth_session.reveal()
    )


# ---- /challenge -----------------------------------------------------------------------------


def challenge(visit: Visit) -> HttpResponse:
    """Show what is owed, or take the answer to it."""
    page = _PAGES.get(visit.state.challenge)
    if page is None:
        # Another window of this browser has signed in meanwhile, or this one waited for too long.
        fault = visit.texts.TOO_OLD if visit.is_posted else ""
        return visit.go(LOGIN, visit.remembering(fault=fault))
    show, answer = page
    if not visit.is_posted:
        return guarded(visit, CHALLENGE, show)
    # Another window of this browser may have gone on to somebody else's sign-in.
    if visit.form.get("state_id") != visit.state.state_id:
        return visit.go(LOGIN, visit.remembering(fault=visit.texts.TOO_OLD))
    return guarded(visit, CHALLENGE, answer)


def _answer(visit: Visit, **responses: str) -> HttpResponse:
    """Answer the challenge that the state is about."""
    state = visit.state
    answer = Answer(
        door=Door.PAGES,
        challenge=state.challenge,
        responses={"USERNAME": state.username, **responses},
        auth_session=Secret(state.auth_session),
    )
    client_id = visit.request.app_client.client_id
    return _go_on(visit, state.username, lambda: sign_in.continue_(visit.call, client_id, answer))


def _show_new_password(visit: Visit) -> HttpResponse:
    return visit.show(
        "new_password.html",
        title=visit.texts.NEW_PASSWORD_TITLE,
        password_rule=password_rule(visit.texts, visit.pool.password_policy),
        attributes=attribute_fields(visit.texts, visit.state.required),
    )


def _take_new_password(visit: Visit) -> HttpResponse:
    attributes = typed_attributes(visit.form)
    kept = {PREFIX + name: value for name, value in attributes.items()}
    new_password = visit.form.get("new_password", "")
    if new_password != visit.form.get("repeated", ""):
        return visit.again(CHALLENGE, not_repeated(visit.texts), **kept)
    wanted = {f"userAttributes.{name}": value for name, value in attributes.items()}
    return guarded(
        visit,
        CHALLENGE,
        lambda visit: _answer(visit, NEW_PASSWORD=new_password, **wanted),
        **kept,
    )


def _show_code(visit: Visit) -> HttpResponse:
    destination = visit.state.destination
    if visit.state.challenge == Challenge.SOFTWARE_TOKEN_MFA:
        wanted = visit.texts.APP_CODE_WANTED
        if destination:
            wanted = visit.texts.NAMED_APP_CODE_WANTED.format(name=destination)
    else:
        wanted = visit.texts.CODE_SENT.format(destination=destination)
    # Asked for instead of a password, or after one.
    is_chosen = visit.state.challenge in visit.state.choices
    title = visit.texts.SIGN_IN_TITLE if is_chosen else visit.texts.CODE_TITLE
    return visit.show("code.html", title=title, wanted=wanted, is_chosen=is_chosen)


_CODE_MEMBERS: Mapping[str, str] = {
    Challenge.SMS_MFA: "SMS_MFA_CODE",
    Challenge.EMAIL_OTP: "EMAIL_OTP_CODE",
    Challenge.SOFTWARE_TOKEN_MFA: "SOFTWARE_TOKEN_MFA_CODE",
    Challenge.SMS_OTP: "SMS_OTP_CODE",
}


def _take_code(visit: Visit) -> HttpResponse:
    return _answer(visit, **{_CODE_MEMBERS[visit.state.challenge]: _typed_code(visit)})


def _typed_code(visit: Visit) -> str:
    # Apps show codes in groups.
    return "".join(visit.form.get("code", "").split())


def _show_choice(visit: Visit) -> HttpResponse:
    return visit.show(
        "choice.html",
        title=visit.texts.CHOICE_TITLE,
        wanted=visit.texts.FACTOR_WANTED,
        choices=_named_choices(visit),
    )


def _named_choices(visit: Visit) -> list[tuple[str, str]]:
    names = visit.texts.table("FACTORS")
    return [(choice, names[choice]) for choice in visit.state.choices if choice in names]


def _take_choice(visit: Visit) -> HttpResponse:
    return _answer(visit, ANSWER=visit.form.get("choice", ""))


def _show_setup(visit: Visit) -> HttpResponse:
    state = visit.state
    if state.totp_secret:
        return visit.show(
            "authenticator.html",
            title=visit.texts.AUTHENTICATOR_TITLE,
            secret=state.totp_secret,
            picture=authenticator_picture(
                state.totp_secret, issuer=visit.pool.name, account=state.username
            ),
        )
    if len(state.choices) > 1:
        return visit.show(
            "choice.html",
            title=visit.texts.SETUP_TITLE,
            wanted=visit.texts.FACTOR_WANTED,
            choices=_named_choices(visit),
        )
    return visit.show("email.html", title=visit.texts.SETUP_TITLE)


def _take_setup(visit: Visit) -> HttpResponse:
    state = visit.state
    if state.totp_secret:
        auth_session = software_token_setup.finish(
            visit.call, Secret(state.auth_session), Secret(_typed_code(visit)), name=None
        )
        verified = msgspec.structs.replace(state, auth_session=auth_session.reveal())
        return _answer(replace(visit, state=verified))
    chosen = visit.form.get("choice")
    if chosen in state.choices:
        narrowed = msgspec.structs.replace(state, choices=(chosen,))
        if chosen == MfaFactor.SOFTWARE_TOKEN_MFA:
            narrowed = _with_new_authenticator(visit, narrowed)
        return visit.go(CHALLENGE, narrowed)
    return _answer(visit, EMAIL=visit.form.get("email", ""))


_CODE_PAGE = (_show_code, _take_code)
Page = tuple[Callable[[Visit], HttpResponse], Callable[[Visit], HttpResponse]]
_PAGES: Mapping[str, Page] = {
    Challenge.SELECT_CHALLENGE: (
        first_factor_pages.show,
        partial(first_factor_pages.take, answer=_answer),
    ),
    Challenge.SMS_OTP: _CODE_PAGE,
    Challenge.NEW_PASSWORD_REQUIRED: (_show_new_password, _take_new_password),
    Challenge.SMS_MFA: _CODE_PAGE,
    Challenge.EMAIL_OTP: _CODE_PAGE,
    Challenge.SOFTWARE_TOKEN_MFA: _CODE_PAGE,
    Challenge.SELECT_MFA_TYPE: (_show_choice, _take_choice),
    Challenge.MFA_SETUP: (_show_setup, _take_setup),
}
