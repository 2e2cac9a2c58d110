"""Triggers: the functions a pool asks, what they are told and how their answers are read.

A pool names one function for each trigger. It gets AWS's event, may fill in the response, and
returns the event; an error of its own ends what the caller wanted. Functions are asked outside of
transactions, after what is certain to fail anyway has failed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import msgspec

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId
from poolgate.store.call import Call
from poolgate.triggers.targets import FunctionFailed, NotInvoked
from poolgate.userpools.pools import UserPool
from poolgate.userpools.users import User

NO_CLIENT = "CLIENT_ID_NOT_APPLICABLE"
_SDK_VERSION = "aws-sdk-unknown-unknown"


class TriggerRefused(Failure):
    """The function ended with an error. Facts: trigger, text."""


class TriggerNotInvoked(Failure):
    """The function gave no answer. Facts: trigger, reason."""


class TriggerAnswerUnreadable(Failure):
    """The function's answer is not the event with a response that the trigger can have."""


class Trigger(StrEnum):
    """When a pool asks a function, in AWS's words."""

    CUSTOM_MESSAGE = "CustomMessage"
    USER_MIGRATION = "UserMigration"
    PRE_SIGN_UP = "PreSignUp"
    POST_CONFIRMATION = "PostConfirmation"
    PRE_AUTHENTICATION = "PreAuthentication"
    POST_AUTHENTICATION = "PostAuthentication"
    DEFINE_AUTH_CHALLENGE = "DefineAuthChallenge"
    CREATE_AUTH_CHALLENGE = "CreateAuthChallenge"
    VERIFY_AUTH_CHALLENGE_RESPONSE = "VerifyAuthChallengeResponse"
    PRE_TOKEN_GENERATION = "PreTokenGeneration"  # noqa: S105 - a trigger's name
    CUSTOM_EMAIL_SENDER = "CustomEmailSender"
    CUSTOM_SMS_SENDER = "CustomSMSSender"
    INBOUND_FEDERATION = "InboundFederation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What a function is asked about; `client_id` is None where an administrator acts."""

    pool: UserPool
    source: str
    username: str
    client_id: ClientId | None = None
    client_metadata: Mapping[str, str] | None = None


class NoAnswer(msgspec.Struct):
    """The response of triggers that decide nothing but whether to go on."""


class _Returned(msgspec.Struct):
    response: msgspec.Raw


Answer = TypeVar("Answer", bound=msgspec.Struct)


def ask(
    call: Call,
    trigger: Trigger,
    occasion: Occasion,
    request: Mapping[str, object],
    answer_type: type[Answer],
    *,
    response: Mapping[str, object] | None = None,
    version: str = "1",
) -> Answer:
    """Return the answer of the pool's function, which must have one for the trigger.

    Raises TriggerRefused, TriggerNotInvoked or TriggerAnswerUnreadable.
    """
    event = render_event(
        occasion, {**request, **_metadata(occasion)}, response=response, version=version
    )
    try:
        returned = call.functions.invoke(occasion.pool.triggers[trigger], event)
    except FunctionFailed as failure:
        raise TriggerRefused(trigger=trigger, text=failure.facts["text"]) from failure
    except NotInvoked as failure:
        raise TriggerNotInvoked(trigger=trigger, reason=failure.facts["reason"]) from failure
    try:
        return msgspec.json.decode(
            msgspec.json.decode(returned, type=_Returned).response, type=answer_type
        )
    except (msgspec.DecodeError, RecursionError) as error:
        raise TriggerAnswerUnreadable(private_detail=str(error)) from error


def render_event(
    occasion: Occasion,
    request: Mapping[str, object],
    *,
    response: Mapping[str, object] | None = None,
    version: str = "1",
) -> bytes:
    """Return what a function is told, as JSON."""
    return msgspec.json.encode(
        {
            "version": version,
            "region": occasion.pool.region,
            "userPoolId": occasion.pool.pool_id,
            "userName": occasion.username,
            "callerContext": {
                "awsSdkVersion": _SDK_VERSION,
                "clientId": occasion.client_id or NO_CLIENT,
            },
            "triggerSource": occasion.source,
            "request": request,
            "response": response or {},
        }
    )


def attributes_of(user: User) -> dict[str, str]:
    """Return a user's attributes as functions see them."""
    return {"sub": user.sub, "cognito:user_status": user.status, **user.attributes}


def _metadata(occasion: Occasion) -> Mapping[str, object]:
    # OBSERVED: the member is missing, not null, where a request had no ClientMetadata.
    return {} if occasion.client_metadata is None else {"clientMetadata": occasion.client_metadata}
