"""Functions behind HTTP: a POST of the event, answered with the event as Lambda would."""

from poolgate.credentials.webhook_signatures import sign_webhook
from poolgate.foundation.clock import Clock
from poolgate.foundation.secret import Secret
from poolgate.triggers.http_posts import HttpPosts
from poolgate.triggers.lambda_endpoint import error_text
from poolgate.triggers.targets import FunctionFailed, NotInvoked, NotInvokedNow

_OK, _REFUSED = 200, 422
_TRY_AGAIN = frozenset({429, 503})


class Webhook:
    """One function at one URL.

    200 answers; 422 with `{"errorMessage": text}` is the function's own error; 429 and 503 ask for
    another attempt; everything else is a failure.
    """

    def __init__(self, url: str, signing_secret: Secret, clock: Clock) -> None:
        self._url = url
        self._signing_secret = signing_secret
        self._clock = clock
        self._posts = HttpPosts()

    def invoke(self, function_arn: str, event: bytes) -> bytes:
        """Return the function's answer."""
        headers = {
            "Content-Type": "application/json",
            "Poolgate-Function-Arn": function_arn,
            **sign_webhook(self._signing_secret, event, self._clock.now()),
        }
        answer = self._posts.post(self._url, headers, event)
        if answer.status == _OK:
            return answer.body
        if answer.status == _REFUSED:
            raise FunctionFailed(text=error_text(answer.body))
        failure = NotInvokedNow if answer.status in _TRY_AGAIN else NotInvoked
        raise failure(reason=f"HTTP status {answer.status}")
