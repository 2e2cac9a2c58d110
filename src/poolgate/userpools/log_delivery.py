"""The activity that pools log: sign-ins that are watched for risks, and messages that fail.

SetLogDeliveryConfiguration names AWS services as destinations. They are kept and shown; the lines,
in AWS's form, go where the server's settings want them.
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from poolgate.foundation.clock import epoch_millis, from_epoch_millis
from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId
from poolgate.store.call import ActivityLog, Call
from poolgate.userpools import pool_tiers, pools
from poolgate.userpools.auth_events import AuthEvent
from poolgate.userpools.pool_settings import LogConfiguration
from poolgate.userpools.pools import UserPool
from poolgate.userpools.users import User

NOTIFICATIONS, AUTH_EVENTS = "userNotification", "userAuthEvents"


class InvalidLogConfiguration(Failure):
    """A log configuration that cannot be. Facts: fault."""


def replace(
    call: Call, pool_id: PoolId, configurations: tuple[LogConfiguration, ...]
) -> tuple[LogConfiguration, ...]:
    """Set what the pool logs; nothing where there are none.

    Raises InvalidLogConfiguration or FeatureAboveTier.
    """
    with call.db.writing() as transaction:
        pool = pools.get(transaction, pool_id)
        for configuration in configurations:
            _verify(configuration)
        if len({configuration.source for configuration in configurations}) < len(configurations):
            raise InvalidLogConfiguration(fault="Each EventSource can be configured once.")
        changed = msgspec.structs.replace(pool, log_configurations=configurations)
        pool_tiers.verify_features(changed)
        pools.replace(transaction, changed)
    return changed.log_configurations


def tell(call: Call, pool: UserPool, user: User | None, event: AuthEvent | None) -> None:
    """Log an event, where the pool logs such. Not inside a transaction."""
    if event is None or user is None or not logs_events(pool):
        return
    call.activity_log.write(
        _line("USER_ACTIVITY", "INFO", pool.pool_id, call.now, _message_of(call, user, event))
    )


def logs_events(pool: UserPool) -> bool:
    """Tell whether the pool logs the events of its users."""
    return _logs(pool, AUTH_EVENTS)


def tell_of_message(
    activity_log: ActivityLog, pool: UserPool, now: datetime, *, details: str
) -> None:
    """Log that a message could not be sent, where the pool logs such."""
    if _logs(pool, NOTIFICATIONS):
        activity_log.write(
            _line("USER_NOTIFICATION", "ERROR", pool.pool_id, now, {"details": details})
        )


def _verify(configuration: LogConfiguration) -> None:
    """Raise unless level and destination are those that AWS names for the source."""
    wanted_level = {NOTIFICATIONS: "ERROR", AUTH_EVENTS: "INFO"}[configuration.source]
    if configuration.level != wanted_level:
        raise InvalidLogConfiguration(
            fault=f"LogLevel must be {wanted_level} for {configuration.source}."
        )
    group = configuration.log_group_arn
    destinations = [group, configuration.bucket_arn, configuration.stream_arn]
    named = [destination for destination in destinations if destination is not None]
    if len(named) != 1:
        raise InvalidLogConfiguration(fault="Exactly one destination must be given.")
    if configuration.source == NOTIFICATIONS and group is None:
        raise InvalidLogConfiguration(
            fault="CloudWatchLogsConfiguration is required for userNotification."
        )


def _logs(pool: UserPool, source: str) -> bool:
    return any(configuration.source == source for configuration in pool.log_configurations)


def _line(
    source: str, level: str, pool_id: PoolId, now: datetime, message: Mapping[str, object]
) -> Mapping[str, object]:
    # AWS Developer Guide, "Exporting logs from Amazon Cognito user pools".
    return {
        "eventTimestamp": str(epoch_millis(now)),
        "eventSource": source,
        "logLevel": level,
        "message": message,
        "logSourceId": {"userPoolId": pool_id},
    }


def _message_of(call: Call, user: User, event: AuthEvent) -> Mapping[str, object]:
    feedback = event.feedback
    return {
        "version": "1",
        "eventId": event.event_id,
        "eventType": event.event_type,
        "userSub": event.sub,
        "userName": user.username,
        "userPoolId": event.pool_id,
        "clientId": event.client_id,
        "creationDate": from_epoch_millis(event.created_at).isoformat(),
        "eventResponse": event.response,
        "riskLevel": event.risk_level,
        "riskDecision": event.decision,
        "challenges": [
            f"{challenge.name}:{'Success' if challenge.succeeded else 'Failure'}"
            for challenge in event.challenges
        ],
        "deviceName": event.surroundings.device_name,
        "ipAddress": event.surroundings.address,
        "requestId": call.request_id,
        "idpName": None,
        "compromisedCredentialDetected": "true" if event.is_compromised else "false",
        "city": None,
        "country": None,
        "eventFeedbackValue": feedback.value if feedback else None,
        "eventFeedbackDate": (
            from_epoch_millis(feedback.given_at).isoformat() if feedback else None
        ),
        "eventFeedbackProvider": feedback.provider if feedback else None,
        "hasContextData": "true" if call.told_context.encoded_data else "false",
    }
