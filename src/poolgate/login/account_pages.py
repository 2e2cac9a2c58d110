"""Making an account and getting back into one.

/signup ──> /confirm ──> signed in         /forgotPassword ──> /confirmforgotPassword ──> /login
└─ /resendcode ─┘
"""

from markupsafe import Markup, escape

from poolgate.foundation.secret import Secret
from poolgate.login import sign_in_pages
from poolgate.login.faults import guarded
from poolgate.login.fields import (
    PREFIX,
    attribute_fields,
    login_name_label,
    password_rule,
    sign_up_label,
    sign_up_name,
    typed_attributes,
)
from poolgate.login.texts import Texts
from poolgate.login.visits import CONFIRM, FORGOT, LOGIN, RESET, SIGN_UP, Visit
from poolgate.login.wording import AddressMissing, not_repeated
from poolgate.userpools import attributes, password_recovery, terms
from poolgate.userpools import sign_up as accounts
from poolgate.userpools.auth_flows import ParameterMissing
from poolgate.userpools.pools import UserPool
from poolgate.userpools.users import UserStatus
from poolgate.web.messages import HttpResponse

# AWS LanguageIdType, of the languages that the pages speak.
_TERMS_LANGUAGES = {
    "en": "cognito:english",
    "de": "cognito:german",
    "es": "cognito:spanish",
    "fr": "cognito:french",
    "ja": "cognito:japanese",
}
_SEVERAL = 2
_TYPES = {"email": "email", "phone_number": "tel"}


# ---- making one -----------------------------------------------------------------------------


def sign_up(visit: Visit) -> HttpResponse:
    """Show the form for a new account, or take it."""
    if visit.is_posted:
        kept = {name: value for name, value in visit.form.items() if name.startswith(PREFIX)}
        return guarded(
            visit, SIGN_UP, _take_sign_up, username=visit.form.get("username", ""), **kept
        )
    if visit.pool.admin_create_user_only:
        return visit.go(LOGIN, visit.remembering(fault=visit.texts.SIGN_UP_CLOSED))
    return visit.show(
        "signup.html",
        terms=_terms_notice(visit.texts, _terms_links(visit)),
        title=visit.texts.SIGN_UP_TITLE,
        name_label=sign_up_label(visit.texts, visit.pool),
        name_type=_TYPES.get(sign_up_name(visit.pool), "text"),
        attributes=attribute_fields(visit.texts, _asked_at_sign_up(visit.pool)),
        addresses=attribute_fields(visit.texts, _addresses_to_choose_from(visit.pool)),
        password_rule=password_rule(visit.texts, visit.pool.password_policy),
    )


def _terms_links(visit: Visit) -> tuple[str, str] | None:
    with visit.call.db.reading() as transaction:
        return terms.find_links(
            transaction,
            visit.pool.pool_id,
            visit.request.app_client.client_id,
            _TERMS_LANGUAGES[visit.texts.language],
        )


def _terms_notice(texts: Texts, links: tuple[str, str] | None) -> Markup | None:
    """Return the sentence with its two links, None where the app client has no terms."""
    if links is None:
        return None
    link = Markup('<a href="{}">{}</a>')
    return Markup(escape(texts.TERMS)).format(  # noqa: S704 - a text of ours, escaped
        terms_of_use=link.format(links[0], texts.TERMS_OF_USE),
        privacy_policy=link.format(links[1], texts.PRIVACY_POLICY),
    )


def _asked_at_sign_up(pool: UserPool) -> tuple[str, ...]:
    """Return the attributes that are asked for besides the name."""
    named = dict.fromkeys(pool.username_attributes, "given as the name")
    wanted = attributes.missing_required(pool, named)
    # Somewhere a code must go to, also where nothing is required.
    addresses = pool.auto_verified_attributes
    if len(addresses) == 1 and not {*wanted, *named} & set(addresses):
        return (*wanted, addresses[0])
    return wanted


def _addresses_to_choose_from(pool: UserPool) -> tuple[str, ...]:
    """Return the addresses of which one must be given, so that there is somewhere to send a code.

    None where the name or a required attribute is such an address, or only one is verified here.
    """
    addresses = pool.auto_verified_attributes
    asked = {*attributes.missing_required(pool, {}), *pool.username_attributes}
    return () if len(addresses) < _SEVERAL or asked & set(addresses) else addresses


def _take_sign_up(visit: Visit) -> HttpResponse:
    username, password = _username(visit), Secret(visit.form.get("password", ""))
    attributes_given = typed_attributes(visit.form)
    addresses = _addresses_to_choose_from(visit.pool)
    if addresses and not any(attributes_given.get(name) for name in addresses):
        raise AddressMissing
    signed_up = accounts.sign_up(
        visit.call,
        visit.request.app_client.client_id,
        username,
        password,
        attributes_given,
        secret_hash=None,
        at_pages=True,
        accepted_terms=_terms_links(visit),
    )
    if signed_up.user.status is UserStatus.CONFIRMED:
        return sign_in_pages.sign_in_with_password(visit, username, password)
    destination = signed_up.delivery.masked_address if signed_up.delivery else ""
    proven = signed_up.auth_session.reveal() if signed_up.auth_session else ""
    return visit.go(
        CONFIRM,
        visit.remembering(username=username, destination=destination, auth_session=proven),
    )


def confirm(visit: Visit) -> HttpResponse:
    """Show the form for the code of a new account, or take it."""
    if visit.is_posted:
        return guarded(visit, CONFIRM, _take_confirmation)
    destination = visit.state.destination
    wanted = visit.texts.CODE_SENT.format(destination=destination)
    return visit.show(
        "confirm.html",
        title=visit.texts.CONFIRM_TITLE,
        wanted=wanted if destination else visit.texts.CODE_SENT_SOMEWHERE,
        name_label=login_name_label(visit.texts, visit.pool),
        username=visit.state.username,
    )


def _take_confirmation(visit: Visit) -> HttpResponse:
    username = _username(visit)
    following = accounts.confirm(
        visit.call,
        visit.request.app_client.client_id,
        username,
        _code(visit),
        secret_hash=None,
        at_pages=True,
        takes_alias=False,
        auth_session=_proven_before(visit, username),
    )
    # A sign-in that must reach a level begins as any other one.
    if following is not None and not visit.request.acr_values:
        return sign_in_pages.go_on_after_sign_up(visit, username, following)
    return visit.go(LOGIN, visit.remembering(username=username, notice=visit.texts.NOW_SIGN_IN))


def _proven_before(visit: Visit, username: str) -> Secret | None:
    """Return what whoever types the code has proven of this very account already."""
    if username != visit.state.username or not visit.state.auth_session:
        return None
    return Secret(visit.state.auth_session)


def resend(visit: Visit) -> HttpResponse:
    """Send the code of a new account again."""
    if not visit.is_posted:
        return visit.go(CONFIRM, visit.state)
    return guarded(visit, CONFIRM, _take_resending)


def _take_resending(visit: Visit) -> HttpResponse:
    username = _username(visit)
    delivery = accounts.resend(
        visit.call,
        visit.request.app_client.client_id,
        username,
        secret_hash=None,
        at_pages=True,
    )
    notice = visit.texts.CODE_ANEW.format(destination=delivery.masked_address)
    return visit.go(
        CONFIRM,
        visit.remembering(
            username=username,
            notice=notice,
            destination=delivery.masked_address,
            auth_session=(_proven_before(visit, username) or Secret("")).reveal(),
        ),
    )


# ---- getting back into one ------------------------------------------------------------------


def forgot_password(visit: Visit) -> HttpResponse:
    """Show the form that asks for a reset code, or take it."""
    if visit.is_posted:
        return guarded(visit, FORGOT, _take_forgotten)
    return visit.show(
        "forgot.html",
        title=visit.texts.FORGOT_TITLE,
        name_label=login_name_label(visit.texts, visit.pool),
        username=visit.state.username,
    )


def _take_forgotten(visit: Visit) -> HttpResponse:
    username = _username(visit)
    delivery = password_recovery.begin(
        visit.call,
        visit.request.app_client.client_id,
        username,
        secret_hash=None,
        at_pages=True,
    )
    return visit.go(
        RESET, visit.remembering(username=username, destination=delivery.masked_address)
    )


def reset_password(visit: Visit) -> HttpResponse:
    """Show the form for reset code and new password, or take it."""
    if visit.is_posted:
        return guarded(visit, RESET, _take_reset)
    destination = visit.state.destination
    wanted = visit.texts.CODE_SENT.format(destination=destination)
    return visit.show(
        "reset.html",
        title=visit.texts.RESET_TITLE,
        wanted=wanted if destination else visit.texts.CODE_SENT_SOMEWHERE,
        name_label=login_name_label(visit.texts, visit.pool),
        username=visit.state.username,
        password_rule=password_rule(visit.texts, visit.pool.password_policy),
    )


def _take_reset(visit: Visit) -> HttpResponse:
    new_password = visit.form.get("new_password", "")
    if new_password != visit.form.get("repeated", ""):
        return visit.again(RESET, not_repeated(visit.texts))
    username = _username(visit)
    password_recovery.finish(
        visit.call,
        visit.request.app_client.client_id,
        username,
        _code(visit),
        Secret(new_password),
        secret_hash=None,
        at_pages=True,
    )
    return visit.go(
        LOGIN, visit.remembering(username=username, notice=visit.texts.PASSWORD_CHANGED)
    )


def _code(visit: Visit) -> Secret:
    return Secret("".join(visit.form.get("code", "").split()))


def _username(visit: Visit) -> str:
    """Return the name that was typed; raise ParameterMissing for none."""
    username = visit.form.get("username", "").strip()
    if not username:
        raise ParameterMissing(name="username")
    return username
