"""The Lambda Invoke API at a configured endpoint: AWS itself, or what speaks like it."""

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import msgspec

from poolgate.foundation.clock import Clock
from poolgate.foundation.secret import Secret
from poolgate.sigv4.requests import RequestParts
from poolgate.sigv4.signing import sign
from poolgate.triggers.function_arns import parse_function_arn
from poolgate.triggers.http_posts import HttpPosts, PostAnswer
from poolgate.triggers.targets import FunctionFailed, NotInvoked, NotInvokedNow

_OK, _TOO_MANY = 200, 429


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaSettings:
    """Where functions are, and the access key that may invoke them."""

    url: str
    access_key_id: str
    secret_access_key: Secret


class _Error(msgspec.Struct, rename="camel"):
    error_message: str | None = None
    error_type: str | None = None


class LambdaEndpoint:
    """Invokes any function by its name, signed for the region in its ARN."""

    def __init__(self, settings: LambdaSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._posts = HttpPosts()

    def invoke(self, function_arn: str, event: bytes) -> bytes:
        """Return the function's answer."""
        settings, named = self._settings, parse_function_arn(function_arn)
        base = urlsplit(settings.url)
        path = f"{base.path}/2015-03-31/functions/{quote(named.name, safe='')}/invocations"
        query = f"Qualifier={quote(named.qualifier, safe='')}" if named.qualifier else ""
        headers = {
            "Host": base.netloc,
            "Content-Type": "application/json",
            "X-Amz-Invocation-Type": "RequestResponse",
        }
        parts = RequestParts(
            method="POST", path=path, query=query, headers=tuple(headers.items()), body=event
        )
        signature = sign(
            parts,
            access_key_id=settings.access_key_id,
            secret_access_key=settings.secret_access_key,
            session_token=None,
            region=named.region,
            service="lambda",
            now=self._clock.now(),
        )
        url = f"{base.scheme}://{base.netloc}{path}" + (f"?{query}" if query else "")
        return _answered(self._posts.post(url, {**headers, **dict(signature)}, event))


def _answered(answer: PostAnswer) -> bytes:
    if answer.status == _OK:
        if "x-amz-function-error" in answer.headers:
            raise FunctionFailed(text=error_text(answer.body))
        return answer.body
    # AWS names the error in this header, sometimes with a URL behind a colon.
    reason = answer.headers.get("x-amzn-errortype", "").partition(":")[0]
    # AWS Working with Lambda triggers: invocations that end with a 5xx are not tried again.
    failure = NotInvokedNow if answer.status == _TOO_MANY else NotInvoked
    raise failure(reason=reason or f"HTTP status {answer.status}")


def error_text(body: bytes) -> str:
    """Return what a failed function says went wrong."""
    try:
        error = msgspec.json.decode(body, type=_Error)
    except (msgspec.DecodeError, RecursionError):
        return "Unhandled"
    return error.error_message or error.error_type or "Unhandled"
