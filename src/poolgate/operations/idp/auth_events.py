"""The history of users' sign-ins, and feedback on it."""

from poolgate.foundation.clock import from_epoch_millis
from poolgate.foundation.ids import PoolId
from poolgate.foundation.secret import Secret
from poolgate.operations.idp.paging import page_limit, page_token_of, position_of
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    AdminListUserAuthEventsRequest,
    AdminListUserAuthEventsResponse,
    AdminUpdateAuthEventFeedbackRequest,
    AdminUpdateAuthEventFeedbackResponse,
    AuthEventType,
    EventContextDataType,
    EventRiskType,
    UpdateAuthEventFeedbackRequest,
    UpdateAuthEventFeedbackResponse,
)
from poolgate.store.call import Call
from poolgate.userpools import auth_events, event_feedback, pools, risk_configuration, users
from poolgate.userpools.auth_events import AuthEvent, FeedbackValue, Surroundings


@registrar.operation("AdminListUserAuthEvents", authentication=Authentication.SIGV4)
def admin_list_user_auth_events(
    call: Call, request: AdminListUserAuthEventsRequest
) -> AdminListUserAuthEventsResponse:
    """List what a user did to sign in, newest first."""
    with call.db.reading() as transaction:
        pool = pools.get(transaction, PoolId(request["UserPoolId"]))
        risk_configuration.verify_watching(pool)
        user = users.get(transaction, pool, request["Username"])
        listing = f"AdminListUserAuthEvents:{user.pool_id}:{user.sub}"
        page = auth_events.list_events(
            transaction,
            call,
            user.pool_id,
            user.sub,
            after=position_of(call, listing, request.get("NextToken")),
            limit=page_limit(request.get("MaxResults")),
        )
    response = AdminListUserAuthEventsResponse(AuthEvents=[_event_type(row) for row in page.rows])
    if page.next_position is not None:
        response["NextToken"] = page_token_of(call, listing, page.next_position)
    return response


@registrar.operation("AdminUpdateAuthEventFeedback", authentication=Authentication.SIGV4)
def admin_update_auth_event_feedback(
    call: Call, request: AdminUpdateAuthEventFeedbackRequest
) -> AdminUpdateAuthEventFeedbackResponse:
    """Keep an administrator's word on an event."""
    event_feedback.give_as_administrator(
        call,
        PoolId(request["UserPoolId"]),
        request["Username"],
        request["EventId"],
        FeedbackValue(request["FeedbackValue"]),
    )
    return {}


@registrar.operation("UpdateAuthEventFeedback", authentication=Authentication.NONE)
def update_auth_event_feedback(
    call: Call, request: UpdateAuthEventFeedbackRequest
) -> UpdateAuthEventFeedbackResponse:
    """Keep the word of a user who was sent a notice."""
    event_feedback.give_by_token(
        call,
        PoolId(request["UserPoolId"]),
        request["Username"],
        request["EventId"],
        FeedbackValue(request["FeedbackValue"]),
        feedback_token=Secret(request["FeedbackToken"]),
    )
    return {}


def _event_type(event: AuthEvent) -> AuthEventType:
    shape = AuthEventType(
        EventId=event.event_id,
        EventType=event.event_type.value,
        CreationDate=from_epoch_millis(event.created_at),
        EventResponse=event.response.value,
        EventRisk=_risk_type(event),
        ChallengeResponses=[
            {
                "ChallengeName": challenge.name,
                "ChallengeResponse": "Success" if challenge.succeeded else "Failure",
            }
            for challenge in event.challenges
        ],
        EventContextData=_context_type(event.surroundings),
    )
    if event.feedback is not None:
        shape["EventFeedback"] = {
            "FeedbackValue": event.feedback.value.value,
            "Provider": event.feedback.provider,
            "FeedbackDate": from_epoch_millis(event.feedback.given_at),
        }
    return shape


def _risk_type(event: AuthEvent) -> EventRiskType:
    shape = EventRiskType(
        RiskDecision=event.decision.value, CompromisedCredentialsDetected=event.is_compromised
    )
    if event.risk_level is not None:
        shape["RiskLevel"] = event.risk_level.value
    return shape


def _context_type(surroundings: Surroundings) -> EventContextDataType:
    shape = EventContextDataType(
        IpAddress=surroundings.address, DeviceName=surroundings.device_name
    )
    if surroundings.timezone is not None:
        shape["Timezone"] = surroundings.timezone
    return shape
