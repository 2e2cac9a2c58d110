"""The triggers around a sign-in: before the first proof, and after the last."""

from collections.abc import Mapping

from poolgate.store.call import Call
from poolgate.userpools.situations import Situation
from poolgate.userpools.triggers import NoAnswer, Occasion, Trigger, ask, attributes_of
from poolgate.userpools.users import User


def ask_before_sign_in(
    call: Call, situation: Situation, client_metadata: Mapping[str, str] | None
) -> None:
    """Let the pool's function refuse a sign-in before the password is looked at."""
    pool, user = situation.pool, situation.user
    if Trigger.PRE_AUTHENTICATION not in pool.triggers:
        return
    occasion = Occasion(
        pool=pool,
        source="PreAuthentication_Authentication",
        username=user.username if user else situation.login_name,
        client_id=situation.app_client.client_id,
    )
    request: dict[str, object] = {
        "userAttributes": attributes_of(user) if user else {},
        "validationData": client_metadata,
    }
    # AWS Pre authentication: populated where the app client hides who exists.
    if situation.hides_user_existence:
        request["userNotFound"] = user is None
    ask(call, Trigger.PRE_AUTHENTICATION, occasion, request, NoAnswer)


def ask_after_sign_in(call: Call, situation: Situation, user: User, *, on_new_device: bool) -> None:
    """Let the pool's function refuse a sign-in that proved everything it had to."""
    if Trigger.POST_AUTHENTICATION not in situation.pool.triggers:
        return
    occasion = Occasion(
        pool=situation.pool,
        source="PostAuthentication_Authentication",
        username=user.username,
        client_id=situation.app_client.client_id,
        client_metadata=situation.client_metadata,
    )
    request = {"userAttributes": attributes_of(user), "newDeviceUsed": on_new_device}
    ask(call, Trigger.POST_AUTHENTICATION, occasion, request, NoAnswer)
