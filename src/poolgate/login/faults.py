"""What goes wrong when a form is taken: the page is shown once more and says so."""

from collections.abc import Callable
from dataclasses import replace

from poolgate.foundation.failure import Failure
from poolgate.login.visits import LOGIN, SEE_OTHER, Visit, forgetting
from poolgate.login.wording import OVER, find_told
from poolgate.oauth.authorization_responses import location_of_error
from poolgate.oauth.errors import LEVEL_UNMET
from poolgate.userpools.authentication_levels import LevelOutOfReach
from poolgate.web.messages import HttpResponse


def guarded(
    visit: Visit, path: str, take: Callable[[Visit], HttpResponse], **typed: str
) -> HttpResponse:
    """Return what taking the form leads to, or the page once more with what was wrong.

    `typed` is what the fields show then; passwords and codes are typed anew.
    """
    try:
        return take(visit)
    except LevelOutOfReach as failure:
        location = location_of_error(
            visit.call, visit.place.pool_id, visit.request.answer_to, LEVEL_UNMET
        )
        return HttpResponse(
            SEE_OTHER,
            {"location": location},
            cookies=(forgetting(visit.place),),
            error_code=type(failure).__name__,
        )
    except OVER as failure:
        over = visit.go(LOGIN, visit.remembering(fault=visit.texts.TOO_OLD))
        return replace(over, error_code=type(failure).__name__)
    except Failure as failure:
        told = find_told(failure, visit.texts)
        if told is None:
            raise
        if path == LOGIN:
            username = visit.form.get("username", "")
            state = visit.remembering(fault=told.text, fault_fields=told.fields, username=username)
            again = visit.go(LOGIN, state)
        else:
            again = visit.again(path, told, **typed)
        # SPEC security.md Z4: who looks after the server sees each refusal, with its address.
        return replace(again, error_code=type(failure).__name__)
