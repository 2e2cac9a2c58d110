"""LambdaConfig: which functions a pool asks, from the request and back."""

from collections.abc import Mapping

from poolgate.foundation.failure import Failure
from poolgate.operations.idp.unbuilt import refuse_if
from poolgate.operations.shapes.idp import LambdaConfigType
from poolgate.triggers.function_arns import NotAFunctionArn, parse_function_arn
from poolgate.userpools.pools import UserPool
from poolgate.userpools.triggers import Trigger


class FunctionArnInvalid(Failure):
    """A member of LambdaConfig names no Lambda function. Facts: arn."""


def triggers_of(config: LambdaConfigType) -> dict[str, str]:
    """Return the functions by trigger; raise SettingNotBuilt or FunctionArnInvalid."""
    named: Mapping[str, object] = {**config}
    functions = {}
    for member, function_arn in named.items():
        refuse_if(member not in set(Trigger), f"LambdaConfig.{member}")
        functions[member] = _verified(str(function_arn))
    return functions


def lambda_config_type(pool: UserPool) -> LambdaConfigType:
    """Return the functions as they were set."""
    config = LambdaConfigType()
    config.update({**pool.triggers})  # type: ignore[typeddict-item]  # keys are members: triggers_of made them
    return config


def _verified(function_arn: str) -> str:
    try:
        parse_function_arn(function_arn)
    except NotAFunctionArn as error:
        raise FunctionArnInvalid(arn=function_arn) from error
    return function_arn
