"""A sign-in that begins with a name, and goes on with the proof that its user chooses.

    /login ──name──> /challenge ── password | passkey | send me a code ──> what is owed then
       └── a passkey that says whose it is ──────────────────────────────────┘

A name that nobody has is asked the same, and none of it can be answered.
"""

from collections.abc import Callable, Mapping

from poolgate.foundation.secret import Secret
from poolgate.login import scripts
from poolgate.login.visits import CHALLENGE, Visit
from poolgate.login.wording import Told
from poolgate.userpools import auth_flows, choice_sign_in, discovered_passkeys
from poolgate.userpools.auth_flows import AuthFlow
from poolgate.userpools.challenges import Challenge
from poolgate.userpools.discovered_passkeys import Found, Offered
from poolgate.userpools.sign_in_policy import FirstFactor
from poolgate.web.messages import HttpResponse

# Answers the challenge with these responses.
AnswerWith = Callable[..., HttpResponse]


def begins_by_choice(visit: Visit) -> bool:
    """Tell whether people say their name first, and choose how to prove that it is theirs."""
    # AWS: only managed login has it, for app clients with ALLOW_USER_AUTH.
    return (
        visit.place.is_managed_login
        and auth_flows.is_enabled(visit.request.app_client, AuthFlow.USER_AUTH)
        and set(visit.pool.first_factors) > {FirstFactor.PASSWORD}
    )


def passkey_offered(visit: Visit) -> Offered | None:
    """Return what lets somebody sign in with a passkey and without a name, if that can be."""
    if not begins_by_choice(visit):
        return None
    return discovered_passkeys.offer(visit.call, visit.pool, visit.request.app_client.client_id)


def passkey_found(visit: Visit) -> Found:
    """Return whose passkey was sent instead of a name.

    Raises what `discovered_passkeys.find` raises.
    """
    return discovered_passkeys.find(
        visit.call,
        visit.request.app_client.client_id,
        visit.form.get("asked", ""),
        visit.form["credential"],
        acr_values=" ".join(visit.request.acr_values),
    )


def choices_of(available: tuple[Challenge, ...]) -> tuple[str, ...]:
    """Return what the page offers; a browser sends the password itself, by https."""
    return tuple(challenge for challenge in available if challenge is not Challenge.PASSWORD_SRP)


def show(visit: Visit) -> HttpResponse:
    """Show everything that the sign-in can go on with."""
    state, codes = visit.state, visit.texts.table("FIRST_CODES")
    options = None
    if Challenge.WEB_AUTHN in state.choices:
        options = choice_sign_in.passkey_options(
            visit.call,
            visit.request.app_client.client_id,
            state.username,
            Secret(state.auth_session),
        )
    return visit.show(
        "first_factor.html",
        script_path=visit.place.base_path + scripts.PASSKEYS if options else "",
        title=visit.texts.SIGN_IN_TITLE,
        username=state.username,
        has_password=Challenge.PASSWORD in state.choices,
        passkey_options=options,
        codes=[(choice, codes[choice]) for choice in state.choices if choice in codes],
        can_recover=visit.pool.recovery_mechanisms != ("admin_only",),
    )


def take(visit: Visit, answer: AnswerWith) -> HttpResponse:
    """Go on with what was chosen; what the page did not offer is no choice."""
    choice = visit.form.get("choice", "")
    if choice not in visit.state.choices:
        return visit.again(CHALLENGE, Told(visit.texts.SOMETHING_MISSING))
    member = _PROOFS.get(choice)
    if member is None:
        return answer(visit, ANSWER=choice)
    proof = visit.form.get(member, "")
    if not proof:
        texts = visit.texts
        # Only a browser without script sends no passkey.
        fault = texts.PASSKEYS_NEED_SCRIPT if member == "credential" else texts.SOMETHING_MISSING
        return visit.again(CHALLENGE, Told(fault))
    return answer(visit, ANSWER=choice, **{member.upper(): proof})


# The proofs that come with the choice, and the fields that they stand in.
_PROOFS: Mapping[str, str] = {
    Challenge.PASSWORD: "password",
    Challenge.WEB_AUTHN: "credential",
}
