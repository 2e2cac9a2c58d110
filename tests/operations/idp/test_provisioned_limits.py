"""Provisioned limits: rates by category, enforced once they were set."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from kits.cognito import App
from kits.refusals import refusal, refusal_code

from poolgate.foundation.failure import Failure
from poolgate.testing import LocalPoolgate
from poolgate.userpools.provisioned_limits import (
    CATEGORY_OF,
    KNOWN_FOR_SECONDS,
    UNLIMITED,
    EnforcedLimits,
    RateExceeded,
)
from poolgate.wire.services import load_services

INVALID = "InvalidParameterException"


@pytest.fixture
def app(poolgate: LocalPoolgate) -> App:
    return App.of(poolgate)


def definition(category: str) -> dict[str, Any]:
    return {"LimitDefinition": {"LimitClass": "API_CATEGORY", "Attributes": {"Category": category}}}


def provision(app: App, category: str, value: int) -> Any:
    asked = {**definition(category), "RequestedLimitValue": value}
    return app.cognito.update_provisioned_limit(**asked)["Limit"]


def throttled(app: App, times: int) -> int:
    """Ask for a user that often and return how many times it was too often."""
    asked = {"UserPoolId": app.pool_id, "Username": "alice"}
    poolgate, refused = app.poolgate, 0
    for _ in range(times):
        # Not through boto3, which would wait and try again.
        answer = poolgate.post_json(
            "cognito-idp", "AdminGetUser", asked, signed_by=poolgate.root_credentials
        )
        if answer.status == 400:
            told = json.loads(answer.body)
            assert (told["__type"], told["message"]) == (
                "TooManyRequestsException",
                "Rate exceeded",
            )
            refused += 1
    return refused


@pytest.mark.documented("Quotas", "API operation categories and request rate quotas")
def test_a_category_has_the_rate_that_aws_gives_for_nothing(app: App) -> None:
    limit = app.cognito.get_provisioned_limit(**definition("UserAuthentication"))["Limit"]
    assert limit == {
        **definition("UserAuthentication"),
        "ProvisionedLimitValue": UNLIMITED,
        "FreeLimitValue": 120,
    }
    provisioned = provision(app, "UserAuthentication", 500)
    assert provisioned == {**limit, "ProvisionedLimitValue": 500}
    shown = app.cognito.get_provisioned_limit(**definition("UserAuthentication"))["Limit"]
    assert shown == provisioned
    assert provision(app, "UserAuthentication", UNLIMITED) == limit


@pytest.mark.assumed("nothing is limited until a rate is provisioned")
def test_a_rate_is_enforced_once_it_was_set(app: App) -> None:
    app.user()
    assert throttled(app, 125) == 0
    provision(app, "UserRead", 120)
    app.poolgate.clock.advance(KNOWN_FOR_SECONDS)
    assert throttled(app, 125) == 5
    assert app.sign_in()["AuthenticationResult"]
    app.poolgate.clock.advance(1)
    assert throttled(app, 1) == 0
    provision(app, "UserRead", UNLIMITED)
    assert throttled(app, 130) == 0


@pytest.mark.documented("API_UpdateProvisionedLimit", "between the default limit and")
def test_a_rate_is_not_below_the_default(app: App) -> None:
    asked = {**definition("UserRead"), "RequestedLimitValue": 119}
    told = refusal(app.cognito.update_provisioned_limit, **asked)
    assert told == (INVALID, "RequestedLimitValue must not be less than 120.")


@pytest.mark.assumed("texts for limits that cannot be")
def test_limits_that_cannot_be_are_refused(app: App) -> None:
    get, update = app.cognito.get_provisioned_limit, app.cognito.update_provisioned_limit
    assert refusal_code(get, **definition("Nothing")) == "ResourceNotFoundException"
    for category in ("UserUpdate", "UserFederation", "ClientAuthentication"):
        assert get(**definition(category))["Limit"]["FreeLimitValue"]
        asked = {**definition(category), "RequestedLimitValue": 1000}
        told = refusal(update, **asked)
        assert told == (INVALID, f"The limit of {category} cannot be provisioned.")
    for attributes in ({}, {"Name": "UserRead"}, {"Category": "UserRead", "More": "x"}):
        asked = {"LimitDefinition": {"LimitClass": "API_CATEGORY", "Attributes": attributes}}
        assert refusal_code(get, **asked) == INVALID


@pytest.mark.model("operations of the service")
def test_categories_name_operations_of_the_service() -> None:
    assert set(CATEGORY_OF) <= set(load_services()["cognito-idp"].model.operations)


@pytest.mark.documented("API_GetProvisionedLimit", "the rate that is currently enforced")
def test_servers_share_a_rate(app: App) -> None:
    provision(app, "UserToken", 120)
    db, now = app.poolgate.application.installation.db, app.poolgate.clock.now()
    servers = [EnforcedLimits() for _ in range(4)]

    def ask(number: int) -> type[Failure] | None:
        try:
            servers[number % 4].take(db, now, "cognito-idp", "RevokeToken")
        except Failure as failure:
            return type(failure)
        return None

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(ask, range(130)))
    assert outcomes.count(None) == 120
    assert outcomes.count(RateExceeded) == 10
