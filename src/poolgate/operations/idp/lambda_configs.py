"""LambdaConfig: which functions a pool asks, from the request and back."""

from typing import Any, Final

from poolgate.foundation.failure import Failure
from poolgate.operations.shapes.idp import LambdaConfigType
from poolgate.triggers.function_arns import NotAFunctionArn, parse_function_arn
from poolgate.userpools.pool_settings import InvalidPoolSettings
from poolgate.userpools.pools import UserPool
from poolgate.userpools.pre_token_generation import V1
from poolgate.userpools.triggers import Trigger

_VERSIONED: Final = "PreTokenGenerationConfig"
_KEY: Final = "KMSKeyID"
_SENDERS: Final = (Trigger.CUSTOM_EMAIL_SENDER, Trigger.CUSTOM_SMS_SENDER)
# Members with a version, of which there is one.
_IN_ONE_VERSION: Final = (*_SENDERS, Trigger.INBOUND_FEDERATION)


class FunctionArnInvalid(Failure):
    """A member of LambdaConfig names no Lambda function. Facts: arn."""


def triggers_of(config: LambdaConfigType) -> dict[str, str]:
    """Return the functions by trigger; raise FunctionArnInvalid or InvalidPoolSettings."""
    named: dict[str, Any] = {**config}
    versioned = config.get(_VERSIONED)
    if versioned is not None:
        del named[_VERSIONED]
        if (
            named.setdefault(Trigger.PRE_TOKEN_GENERATION, versioned["LambdaArn"])
            != (versioned["LambdaArn"])
        ):
            raise InvalidPoolSettings(
                fault="PreTokenGeneration and PreTokenGenerationConfig must name the same function."
            )
    _take_versioned(named)
    functions = {}
    for member, function_arn in named.items():
        functions[member] = _verified(str(function_arn))
    return functions


def _take_versioned(named: dict[str, Any]) -> None:
    """Put ARNs in the place of members that have a version, too."""
    senders = [member for member in _SENDERS if member in named]
    if senders and _KEY not in named:
        raise InvalidPoolSettings(fault="KMSKeyID is required for custom sender triggers.")
    named.pop(_KEY, None)
    for member in _IN_ONE_VERSION:
        if member in named:
            named[member] = named[member]["LambdaArn"]


def pre_token_version_of(config: LambdaConfigType) -> str:
    """Return the version of the events that come before tokens."""
    versioned = config.get(_VERSIONED)
    return V1 if versioned is None else versioned["LambdaVersion"]


def lambda_config_type(pool: UserPool) -> LambdaConfigType:
    """Return the functions as they were set."""
    members = {
        member: {"LambdaVersion": V1, "LambdaArn": arn} if member in _IN_ONE_VERSION else arn
        for member, arn in pool.triggers.items()
    }
    config = LambdaConfigType()
    config.update(members)  # type: ignore[typeddict-item]  # keys are members: triggers_of made them
    if pool.custom_sender_key_arn is not None:
        config[_KEY] = pool.custom_sender_key_arn
    pre_token_generation = pool.triggers.get(Trigger.PRE_TOKEN_GENERATION)
    if pre_token_generation is not None:
        config[_VERSIONED] = {
            "LambdaVersion": pool.pre_token_version,
            "LambdaArn": pre_token_generation,
        }
    return config


def _verified(function_arn: str) -> str:
    try:
        parse_function_arn(function_arn)
    except NotAFunctionArn as error:
        raise FunctionArnInvalid(arn=function_arn) from error
    return function_arn
