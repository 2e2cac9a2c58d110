"""What pools log: set, echoed, and written as AWS would export it."""

import io
import json
from typing import Any

import pytest
from kits.cognito import App, refused
from kits.watched import ELSEWHERE, HOME, PHONE_AGENT, Watched

from poolgate.delivery.media import DeliveryFailed
from poolgate.delivery.queue import Carrier
from poolgate.delivery.sender import MessageSender
from poolgate.server.background import message_reporter
from poolgate.server.event_log import EventLog
from poolgate.testing import LocalPoolgate

GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:exported"
STREAM = "arn:aws:firehose:us-east-1:123456789012:deliverystream/exported"
TO_GROUP = {"CloudWatchLogsConfiguration": {"LogGroupArn": GROUP}}
TO_BUCKET = {"S3Configuration": {"BucketArn": "arn:aws:s3:::exported"}}
TO_STREAM = {"FirehoseConfiguration": {"StreamArn": STREAM}}
EVENTS = {"LogLevel": "INFO", "EventSource": "userAuthEvents"}
NOTICES = {"LogLevel": "ERROR", "EventSource": "userNotification", **TO_GROUP}


def configure(app: App, *configurations: Any) -> Any:
    answer = app.cognito.set_log_delivery_configuration(
        UserPoolId=app.pool_id, LogConfigurations=list(configurations)
    )
    return answer["LogDeliveryConfiguration"]


def shown(app: App) -> Any:
    answer = app.cognito.get_log_delivery_configuration(UserPoolId=app.pool_id)
    return answer["LogDeliveryConfiguration"]


def logged(poolgate: LocalPoolgate) -> list[Any]:
    lines = [json.loads(line) for line in poolgate.log.getvalue().splitlines()]
    return [line for line in lines if line["event"] == "pool activity"]


@pytest.fixture
def app(poolgate: LocalPoolgate) -> Watched:
    return Watched.watching(poolgate, "AUDIT")


@pytest.mark.documented("API_SetLogDeliveryConfiguration", "the configuration that you applied")
@pytest.mark.parametrize("destination", [TO_GROUP, TO_BUCKET, TO_STREAM])
def test_what_was_set_is_shown(app: Watched, destination: Any) -> None:
    assert shown(app) == {"UserPoolId": app.pool_id, "LogConfigurations": []}
    wanted = [NOTICES, {**EVENTS, **destination}]
    assert configure(app, *wanted) == {"UserPoolId": app.pool_id, "LogConfigurations": wanted}
    assert shown(app)["LogConfigurations"] == wanted
    app.cognito.update_user_pool(UserPoolId=app.pool_id)
    assert shown(app)["LogConfigurations"] == wanted
    configure(app)
    assert shown(app)["LogConfigurations"] == []


@pytest.mark.documented("API_LogConfigurationType", "user logs ... with the Plus feature plan")
@pytest.mark.parametrize("tier", ["LITE", "ESSENTIALS"])
def test_events_are_logged_in_plus_pools_only(poolgate: LocalPoolgate, tier: str) -> None:
    app = App.of(poolgate, pool={"UserPoolTier": tier})
    with refused("FeatureUnavailableInTierException"):
        configure(app, {**EVENTS, **TO_GROUP})
    configure(app, NOTICES)


@pytest.mark.assumed("texts for log configurations that cannot be")
@pytest.mark.parametrize(
    "configurations",
    [
        [{**EVENTS, "LogLevel": "ERROR", **TO_GROUP}],
        [{**NOTICES, "LogLevel": "INFO"}],
        [EVENTS],
        [{**EVENTS, **TO_GROUP, **TO_BUCKET}],
        [{"LogLevel": "ERROR", "EventSource": "userNotification", **TO_BUCKET}],
        [{**EVENTS, "CloudWatchLogsConfiguration": {}}],
        [NOTICES, NOTICES],
    ],
)
def test_level_and_destination_belong_to_the_source(app: Watched, configurations: Any) -> None:
    with refused("InvalidParameterException"):
        configure(app, *configurations)
    assert shown(app)["LogConfigurations"] == []


@pytest.mark.model("SetLogDeliveryConfiguration", "errors: ResourceNotFoundException")
def test_the_pool_must_exist(app: Watched) -> None:
    for operation in (
        app.cognito.get_log_delivery_configuration,
        lambda **named: app.cognito.set_log_delivery_configuration(**named, LogConfigurations=[]),
    ):
        with refused("ResourceNotFoundException"):
            operation(UserPoolId="us-east-1_nothing00")


@pytest.mark.documented("Exporting logs from Amazon Cognito user pools", "the form of a line")
def test_events_are_logged_in_awss_form(app: Watched) -> None:
    sub = app.person()
    app.enter()
    assert logged(app.poolgate) == []
    configure(app, {**EVENTS, **TO_STREAM})
    app.enter(address=ELSEWHERE, agent=PHONE_AGENT)
    (line,) = logged(app.poolgate)
    event = app.last_event()
    assert (line["eventSource"], line["logLevel"]) == ("USER_ACTIVITY", "INFO")
    assert line["logSourceId"] == {"userPoolId": app.pool_id}
    message = line["message"]
    wanted = {
        "eventId": event["EventId"],
        "eventType": "SignIn",
        "userSub": sub,
        "userName": "alice",
        "clientId": app.client_id,
        "eventResponse": "Pass",
        "riskLevel": "Medium",
        "riskDecision": "AccountTakeover",
        "challenges": ["Password:Success"],
        "deviceName": "Android, Chrome",
        "ipAddress": ELSEWHERE,
        "compromisedCredentialDetected": "false",
    }
    assert {name: message[name] for name in wanted} == wanted


@pytest.mark.documented("Exporting logs from Amazon Cognito user pools", "user activity")
def test_failures_and_changes_are_logged_and_nobody_is_named_who_does_not_exist(
    poolgate: LocalPoolgate,
) -> None:
    app = Watched.watching(poolgate, "AUDIT", PreventUserExistenceErrors="ENABLED")
    app.person()
    configure(app, {**EVENTS, **TO_GROUP})
    app.fail()
    app.fail("nobody")
    app.join("berta")
    told = [
        (line["message"]["userName"], line["message"]["eventType"], line["message"]["ipAddress"])
        for line in logged(poolgate)
    ]
    assert told == [("alice", "SignIn", HOME), ("berta", "SignUp", "127.0.0.1")]
    assert "nobody" not in poolgate.log.getvalue()


class Unreachable:
    """A mail server that is far away."""

    def send(self, _message_id: str, _message: Any) -> None:
        raise DeliveryFailed("connection refused")

    def rest(self) -> None:
        """Do nothing; there is no connection."""


@pytest.mark.documented("Exporting logs from Amazon Cognito user pools", "notification errors")
def test_messages_that_cannot_be_sent_are_logged(app: Watched) -> None:
    installation = app.poolgate.application.installation
    sender = MessageSender(
        installation.db,
        installation.vault,
        installation.clock,
        {Carrier.EMAIL: Unreachable()},
        report=message_reporter(installation, EventLog(io.StringIO())),
    )
    app.join("berta")
    sender.deliver_due()
    assert logged(app.poolgate) == []
    configure(app, NOTICES)
    app.poolgate.clock.advance(3600)
    sender.deliver_due()
    (line,) = logged(app.poolgate)
    assert (line["eventSource"], line["logLevel"]) == ("USER_NOTIFICATION", "ERROR")
    assert line["message"] == {"details": "EMAIL message retried: connection refused"}
    assert line["logSourceId"] == {"userPoolId": app.pool_id}
    app.cognito.delete_user_pool(UserPoolId=app.pool_id)
    app.poolgate.clock.advance(3600)
    sender.deliver_due()
    assert len(logged(app.poolgate)) == 1
