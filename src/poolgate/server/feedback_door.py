"""`/{pool_id}/event-feedback`: where the links of risk notices lead.

Opening a link changes nothing, since programs that look through mail open links, too. The page asks
once more; what is posted needs the feedback token of the notice.
"""

import html
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import parse_qs

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import PoolId
from poolgate.foundation.randomness import random_uuid
from poolgate.foundation.secret import Secret
from poolgate.userpools import event_feedback
from poolgate.userpools.auth_events import FeedbackValue
from poolgate.userpools.risk_notices import FEEDBACK_PAGE
from poolgate.web.handled import Handled
from poolgate.web.messages import HttpRequest, HttpResponse
from poolgate.wire.installation import Installation

OK, BAD_REQUEST, NOT_ALLOWED = 200, 400, 405
_FIELDS = ("user_name", "event_id", "feedback_token", "feedback")
_LONGEST_FIELD = 2048
_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-store",
        "content-security-policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
)
_QUESTIONS = {
    FeedbackValue.VALID.value: ("Was this sign-in yours?", "Yes, it was me"),
    FeedbackValue.INVALID.value: ("Was this sign-in somebody else's?", "Yes, it was not me"),
}
_NO_LINK = "This link is not valid, or not any more."
_THANKS = "Thank you. If it was not you, change your password now."


def is_feedback(http: HttpRequest) -> bool:
    """Tell whether the request is for this door."""
    return http.path.endswith(FEEDBACK_PAGE)


def handle_feedback(installation: Installation, http: HttpRequest) -> Handled:
    """Answer one request."""
    request_id = random_uuid()
    return Handled(
        _answer(installation, http, request_id), request_id, service="feedback", operation="page"
    )


def _answer(installation: Installation, http: HttpRequest, request_id: str) -> HttpResponse:
    if http.method == "GET":
        fields = _fields(http.query)
        return _page(BAD_REQUEST, _NO_LINK) if fields is None else _question(fields)
    if http.method != "POST":
        return _page(NOT_ALLOWED, _NO_LINK)
    fields = _fields(http.body.decode("latin-1"))
    if fields is None:
        return _page(BAD_REQUEST, _NO_LINK)
    try:
        event_feedback.give_by_token(
            installation.call_of(http, request_id=request_id),
            PoolId(http.path.removesuffix(FEEDBACK_PAGE).removeprefix("/")),
            fields["user_name"],
            fields["event_id"],
            FeedbackValue(fields["feedback"]),
            feedback_token=Secret(fields["feedback_token"]),
        )
    except Failure:
        return _page(BAD_REQUEST, _NO_LINK)
    return _page(OK, _THANKS)


def _fields(form: str) -> Mapping[str, str] | None:
    """Return the fields of a form, or None unless it has each of them once."""
    try:
        given = parse_qs(form, max_num_fields=len(_FIELDS), strict_parsing=True)
    except ValueError:
        return None
    fields = {name: values[0] for name, values in given.items() if len(values) == 1}
    is_whole = set(fields) == set(_FIELDS) and fields["feedback"] in _QUESTIONS
    fits = all(len(value) <= _LONGEST_FIELD for value in fields.values())
    return fields if is_whole and fits else None


def _question(fields: Mapping[str, str]) -> HttpResponse:
    question, answer = _QUESTIONS[fields["feedback"]]
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{html.escape(value)}">'
        for name, value in fields.items()
    )
    return _page(
        OK, question, f'<form method="post">{hidden}<button type="submit">{answer}</button></form>'
    )


def _page(status: int, text: str, form: str = "") -> HttpResponse:
    page = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Your sign-in</title>'
        f"<main><h1>{html.escape(text)}</h1>{form}</main></html>"
    )
    return HttpResponse(status, _HEADERS, page.encode())
