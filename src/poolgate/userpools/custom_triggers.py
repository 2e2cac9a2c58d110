"""The triggers of a custom sign-in: what comes next, what is asked, whether the answer is right.

They are asked about names that nobody has, too, where the app client hides who exists.
"""

from dataclasses import dataclass

import msgspec

from poolgate.foundation.failure import Failure
from poolgate.store.call import Call
from poolgate.userpools.custom_states import CustomState
from poolgate.userpools.situations import Situation
from poolgate.userpools.triggers import Answer, Occasion, Trigger, ask, attributes_of


class CustomTriggerMissing(Failure):
    """The pool has no function for a step of a custom sign-in. Facts: trigger."""


class Decision(msgspec.Struct, rename="camel"):
    """What DefineAuthChallenge answers."""

    challenge_name: str | None = None
    issue_tokens: bool | None = None
    fail_authentication: bool | None = None


class _Created(msgspec.Struct, rename="camel"):
    public_challenge_parameters: dict[str, str] | None = None
    private_challenge_parameters: dict[str, str] | None = None
    challenge_metadata: str | None = None


class _Verified(msgspec.Struct, rename="camel"):
    answer_correct: bool | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What CreateAuthChallenge answers: what the user sees, and what only functions see."""

    public_parameters: dict[str, str]
    private_parameters: dict[str, str]
    metadata: str | None


def define(call: Call, situation: Situation, state: CustomState) -> Decision:
    """Ask what comes next."""
    return _ask(
        call,
        Trigger.DEFINE_AUTH_CHALLENGE,
        situation,
        {"session": state.rounds},
        Decision,
    )


def create(call: Call, situation: Situation, state: CustomState, challenge: str) -> Question:
    """Ask for the challenge itself."""
    created = _ask(
        call,
        Trigger.CREATE_AUTH_CHALLENGE,
        situation,
        {"challengeName": challenge, "session": state.rounds},
        _Created,
    )
    return Question(
        created.public_challenge_parameters or {},
        created.private_challenge_parameters or {},
        created.challenge_metadata,
    )


def is_right(call: Call, situation: Situation, state: CustomState, submitted: str) -> bool:
    """Ask whether the answer to the challenge that waits is right."""
    verified = _ask(
        call,
        Trigger.VERIFY_AUTH_CHALLENGE_RESPONSE,
        situation,
        {
            "privateChallengeParameters": state.private_parameters,
            "challengeAnswer": submitted,
        },
        _Verified,
    )
    return verified.answer_correct is True


def _ask(
    call: Call,
    trigger: Trigger,
    situation: Situation,
    asked: dict[str, object],
    answer_type: type[Answer],
) -> Answer:
    pool, user = situation.pool, situation.user
    if trigger not in pool.triggers:
        raise CustomTriggerMissing(trigger=trigger)
    occasion = Occasion(
        pool=pool,
        source=f"{trigger}_Authentication",
        username=user.username if user else situation.login_name,
        client_id=situation.app_client.client_id,
        client_metadata=situation.client_metadata,
    )
    request: dict[str, object] = {"userAttributes": attributes_of(user) if user else {}, **asked}
    # AWS: populated where the app client hides who exists.
    if situation.hides_user_existence:
        request["userNotFound"] = user is None
    empty = {field.encode_name: None for field in msgspec.structs.fields(answer_type)}
    return ask(call, trigger, occasion, request, answer_type, response=empty)
