"""`/{pool_id}/event-feedback`: a link asks, a form answers."""

import html
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from kits.watched import ALICE, ELSEWHERE, PHONE_AGENT, SES_ARN, Watched

from poolgate.testing import LocalPoolgate


@pytest.fixture
def app(poolgate: LocalPoolgate) -> Watched:
    """A pool that tells of a sign-in with links."""
    app = Watched.watching(poolgate)
    app.person()
    app.enter()
    links = "<a href='{one-click-link-valid}'>me</a> <a href='{one-click-link-invalid}'>not me</a>"
    app.configure(
        AccountTakeoverRiskConfiguration={
            "Actions": {"MediumAction": {"EventAction": "NO_ACTION", "Notify": True}},
            "NotifyConfiguration": {
                "SourceArn": SES_ARN,
                "NoActionEmail": {"Subject": "s", "HtmlBody": links},
            },
        }
    )
    app.enter(address=ELSEWHERE, agent=PHONE_AGENT)
    return app


def links(app: Watched) -> list[str]:
    body = app.poolgate.outbox(ALICE)[-1].body
    return [html.unescape(link) for link in re.findall("href='([^']+)'", body)]


def opened(app: Watched, link: str, **options: Any) -> Any:
    parts = urlsplit(link)
    assert f"{parts.scheme}://{parts.netloc}" == app.poolgate.url
    return app.poolgate.send("GET", f"{parts.path}?{parts.query}", **options)


def posted(app: Watched, link: str, **changed: str) -> Any:
    parts = urlsplit(link)
    form = {**dict(parse_qsl(parts.query)), **changed}
    return app.poolgate.send("POST", parts.path, body=urlencode(form).encode())


def feedback(app: Watched) -> Any:
    return app.last_event().get("EventFeedback", {}).get("FeedbackValue")


def test_opening_a_link_changes_nothing_and_posting_its_form_does(app: Watched) -> None:
    valid, invalid = links(app)
    for link in (valid, invalid):
        page = opened(app, link)
        assert page.status == 200
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
        assert page.headers["cache-control"] == "no-store"
        assert b'<form method="post">' in page.body
    assert feedback(app) is None
    assert posted(app, invalid).status == 200
    assert feedback(app) == "Invalid"
    assert posted(app, valid).status == 200
    assert feedback(app) == "Valid"


@pytest.mark.parametrize(
    "changed",
    [
        {"feedback_token": "x"},
        {"event_id": "other"},
        {"user_name": "nobody"},
        {"feedback": "Maybe"},
        {"more": "1"},
        {"user_name": "a" * 3000},
    ],
)
def test_what_the_notice_did_not_send_is_refused(app: Watched, changed: dict[str, str]) -> None:
    assert posted(app, links(app)[0], **changed).status == 400
    assert feedback(app) is None


def test_a_page_shows_nothing_that_a_stranger_can_make_markup_of(app: Watched) -> None:
    link = links(app)[0].replace("user_name=alice", "user_name=%22%3E%3Cscript%3E")
    page = opened(app, link)
    assert page.status == 200
    assert b"<script>" not in page.body


def test_half_a_link_and_other_methods_are_refused(app: Watched) -> None:
    path = urlsplit(links(app)[0]).path
    assert app.poolgate.send("GET", path).status == 400
    assert app.poolgate.send("GET", f"{path}?user_name=alice").status == 400
    assert app.poolgate.send("DELETE", path).status == 405
    assert app.poolgate.send("POST", path, body=b"\xff=%").status == 400
    assert app.poolgate.send("POST", "/us-east-1_nothing00/event-feedback").status == 400


def test_the_log_does_not_show_the_token(app: Watched) -> None:
    (link, _) = links(app)
    opened(app, link)
    posted(app, link)
    token = dict(parse_qsl(urlsplit(link).query))["feedback_token"]
    assert token not in app.poolgate.log.getvalue()
