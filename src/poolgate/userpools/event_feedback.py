"""What somebody says about an event afterwards: it was the user, or it was somebody else.

Places of an event that was somebody else's, and that were not the user's before, are reported: from
then on signing in from there is the highest risk. Those of an event that was the user's own are
known.
"""

from poolgate.foundation.ids import PoolId
from poolgate.foundation.secret import Secret
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import auth_events, known_places, pools, risk_configuration, users
from poolgate.userpools.auth_events import Feedback, FeedbackValue
from poolgate.userpools.challenge_answers import means
from poolgate.userpools.risk_notices import FeedbackTokenInvalid, verify_feedback_token
from poolgate.userpools.users import User

_ADMINISTRATOR, _USER = "Admin", "User"


def give_as_administrator(
    call: Call, pool_id: PoolId, login_name: str, event_id: str, value: FeedbackValue
) -> None:
    """Keep an administrator's word; raise ThreatProtectionOff, UserNotFound, AuthEventNotFound."""
    with call.db.writing() as transaction:
        pool = pools.get(transaction, pool_id)
        risk_configuration.verify_watching(pool)
        user = users.get(transaction, pool, login_name)
        _give(transaction, call, user, event_id, value, provider=_ADMINISTRATOR)


def give_by_token(
    call: Call,
    pool_id: PoolId,
    login_name: str,
    event_id: str,
    value: FeedbackValue,
    *,
    feedback_token: Secret,
) -> None:
    """Keep the word of whoever got the notice; raise FeedbackTokenInvalid before all else.

    Without a good token nothing tells which users and events there are.
    """
    sub = verify_feedback_token(call, feedback_token, pool_id, event_id)
    with call.db.writing() as transaction:
        pool = pools.get(transaction, pool_id)
        risk_configuration.verify_watching(pool)
        user = users.get_by_sub(transaction, pool_id, sub)
        if not means(pool, user, login_name):
            raise FeedbackTokenInvalid
        _give(transaction, call, user, event_id, value, provider=_USER)


def _give(
    transaction: Transaction,
    call: Call,
    user: User,
    event_id: str,
    value: FeedbackValue,
    *,
    provider: str,
) -> None:
    event = auth_events.get(transaction, user.pool_id, user.sub, event_id)
    auth_events.give_feedback(transaction, event, Feedback(value, provider, call.now_millis))
    place = (transaction, user.pool_id, user.sub, event.surroundings)
    if value is FeedbackValue.VALID:
        known_places.trust(*place, call.now_millis)
    else:
        known_places.report(*place, event.created_at)
