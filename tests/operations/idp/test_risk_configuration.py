"""Risk configurations: set as a whole, echoed, checked."""

from typing import Any

import pytest
from kits.cognito import App, refused
from kits.watched import SES_ARN, Watched, actions

from poolgate.testing import LocalPoolgate

INVALID = "InvalidParameterException"
OFF = "UserPoolAddOnNotEnabledException"
EVERYTHING: dict[str, Any] = {
    "CompromisedCredentialsRiskConfiguration": {
        "EventFilter": ["SIGN_IN", "PASSWORD_CHANGE"],
        "Actions": {"EventAction": "NO_ACTION"},
    },
    "AccountTakeoverRiskConfiguration": {
        "NotifyConfiguration": {
            "From": "security@example.com",
            "ReplyTo": "help@example.com",
            "SourceArn": SES_ARN,
            "BlockEmail": {"Subject": "Blocked", "HtmlBody": "<p>no</p>", "TextBody": "nothing"},
            "NoActionEmail": {"Subject": "Seen", "TextBody": "seen it"},
            "MfaEmail": {"Subject": "Asked", "HtmlBody": "<p>asked</p>"},
        },
        "Actions": {
            "LowAction": {"Notify": True, "EventAction": "NO_ACTION"},
            "MediumAction": {"Notify": False, "EventAction": "MFA_IF_CONFIGURED"},
            "HighAction": {"Notify": True, "EventAction": "BLOCK"},
        },
    },
    "RiskExceptionConfiguration": {
        "BlockedIPRangeList": ["203.0.113.0/24", "2001:db8::/32"],
        "SkippedIPRangeList": ["10.10.10.10/32"],
    },
}


@pytest.fixture
def app(poolgate: LocalPoolgate) -> Watched:
    return Watched.watching(poolgate)


def described(app: Watched, **owner: str) -> Any:
    answer = app.cognito.describe_risk_configuration(UserPoolId=app.pool_id, **owner)
    return answer["RiskConfiguration"]


@pytest.mark.documented("API_SetRiskConfiguration", "the risk configuration that you set")
def test_what_was_set_is_shown(app: Watched) -> None:
    answer = app.configure(**EVERYTHING)["RiskConfiguration"]
    modified = answer.pop("LastModifiedDate")
    assert answer == {"UserPoolId": app.pool_id, **EVERYTHING}
    shown = described(app)
    assert shown.pop("LastModifiedDate") == modified
    assert shown == answer


@pytest.mark.documented("API_SetRiskConfiguration", "To set the risk configuration ... to defaults")
def test_each_request_replaces_the_whole(app: Watched) -> None:
    app.configure(**EVERYTHING)
    exceptions = {"RiskExceptionConfiguration": {"BlockedIPRangeList": ["10.10.10.10/32"]}}
    app.configure(**exceptions)
    shown = described(app)
    assert shown.pop("LastModifiedDate")
    assert shown == {"UserPoolId": app.pool_id, **exceptions}
    app.configure()
    assert described(app) == {"UserPoolId": app.pool_id}


@pytest.mark.assumed("what is shown of a risk configuration that was never set")
def test_an_app_client_has_its_own(app: Watched) -> None:
    owner = {"ClientId": app.client_id}
    named = {"UserPoolId": app.pool_id, **owner}
    app.configure(**EVERYTHING)
    assert described(app, **owner) == named
    takeover = {"AccountTakeoverRiskConfiguration": {"Actions": actions(HIGH="BLOCK")}}
    answer = app.cognito.set_risk_configuration(**named, **takeover)["RiskConfiguration"]
    assert answer.pop("LastModifiedDate")
    assert answer == {**named, **takeover}
    assert described(app)["RiskExceptionConfiguration"] == EVERYTHING["RiskExceptionConfiguration"]
    app.cognito.set_risk_configuration(**named)
    assert described(app, **owner) == named


@pytest.mark.documented("API_CompromisedCredentialsRiskConfigurationType", "Defaults to all events")
def test_without_a_filter_all_events_are_shown(app: Watched) -> None:
    app.configure(CompromisedCredentialsRiskConfiguration={"Actions": {"EventAction": "BLOCK"}})
    shown = described(app)["CompromisedCredentialsRiskConfiguration"]
    assert sorted(shown["EventFilter"]) == ["PASSWORD_CHANGE", "SIGN_IN", "SIGN_UP"]


@pytest.mark.assumed("text for a pool that does not watch for risks")
def test_a_pool_that_does_not_watch_has_none(poolgate: LocalPoolgate) -> None:
    app = App.of(poolgate)
    text = "Threat protection is not enabled for this user pool."
    with refused(OFF, text):
        app.cognito.describe_risk_configuration(UserPoolId=app.pool_id)
    with refused(OFF, text):
        app.cognito.set_risk_configuration(UserPoolId=app.pool_id)


@pytest.mark.model("SetRiskConfiguration", "errors: ResourceNotFoundException")
def test_owners_must_exist(app: Watched) -> None:
    other = Watched.watching(app.poolgate)
    with refused("ResourceNotFoundException"):
        app.cognito.set_risk_configuration(UserPoolId="us-east-1_nothing00")
    for client_id in ("1" * 26, other.client_id):
        with refused("ResourceNotFoundException"):
            app.cognito.set_risk_configuration(UserPoolId=app.pool_id, ClientId=client_id)
        with refused("ResourceNotFoundException"):
            app.cognito.describe_risk_configuration(UserPoolId=app.pool_id, ClientId=client_id)


@pytest.mark.assumed("texts for risk configurations that cannot be")
@pytest.mark.parametrize("network", ["10.0.0.0", "10.0.0.0/33", "nonsense/8", "", "::1/129"])
def test_networks_are_given_in_cidr_notation(app: Watched, network: str) -> None:
    for member in ("BlockedIPRangeList", "SkippedIPRangeList"):
        with refused(INVALID, f"Invalid IP range: {network}"):
            app.configure(RiskExceptionConfiguration={member: ["10.0.0.0/8", network]})
    assert described(app) == {"UserPoolId": app.pool_id}


@pytest.mark.assumed("texts for risk configurations that cannot be")
def test_whoever_is_to_be_told_needs_a_notice(app: Watched) -> None:
    told = {"Notify": True, "EventAction": "NO_ACTION"}
    with refused(INVALID, "NotifyConfiguration is required when an action notifies the user."):
        app.configure(AccountTakeoverRiskConfiguration={"Actions": {"LowAction": told}})


@pytest.mark.model("AccountTakeoverRiskConfigurationType", "required: Actions")
def test_the_model_is_checked(app: Watched) -> None:
    for parts in (
        {"AccountTakeoverRiskConfiguration": {}},
        {"CompromisedCredentialsRiskConfiguration": {"Actions": {"EventAction": "MAYBE"}}},
        {"RiskExceptionConfiguration": {"BlockedIPRangeList": ["10.0.0.0/8"] * 201}},
    ):
        with refused(INVALID):
            app.configure(**parts)


@pytest.mark.assumed("text for a pool that does not watch for risks")
def test_a_configuration_goes_with_its_owner(app: Watched) -> None:
    named = {"UserPoolId": app.pool_id, "ClientId": app.client_id}
    app.cognito.set_risk_configuration(**named, **EVERYTHING)
    app.configure(**EVERYTHING)
    app.cognito.delete_user_pool_client(**named)
    with refused("ResourceNotFoundException"):
        app.cognito.describe_risk_configuration(**named)
    app.cognito.delete_user_pool(UserPoolId=app.pool_id)
    with refused("ResourceNotFoundException"):
        described(app)
