"""Requests in process, from the WSGI edge of the whole server to its answer."""

import io
import json
from collections.abc import Callable
from typing import Any

from poolgate.testing import LocalPoolgate

# Counts on a server in `--dev` only, which checks no signature.
AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=dev/20260101/us-east-1/cognito-idp/aws4_request"


class Asking:
    """Asks one server."""

    def __init__(self, poolgate: LocalPoolgate) -> None:
        self._poolgate = poolgate

    def ask(self, operation: str, members: dict[str, Any]) -> dict[str, Any]:
        """Send one request and return its answer."""
        return json.loads(self.prepared(operation, members)())

    def prepared(
        self, operation: str, members: dict[str, Any], **headers: str
    ) -> Callable[[], bytes]:
        """Return what sends one request through the WSGI edge, as an HTTP server would.

        What a client does, writing the request and reading the answer, is left to the caller.
        """
        body = json.dumps(members).encode()
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/",
            "QUERY_STRING": "",
            "REMOTE_ADDR": "127.0.0.1",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "9440",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "127.0.0.1:9440",
            "HTTP_X_AMZ_TARGET": f"AWSCognitoIdentityProviderService.{operation}",
            "CONTENT_TYPE": "application/x-amz-json-1.1",
            "CONTENT_LENGTH": str(len(body)),
            **headers,
            "wsgi.url_scheme": "http",
            "wsgi.errors": io.StringIO(),
            "wsgi.version": (1, 0),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }

        def send() -> bytes:
            statuses: list[str] = []
            chunks = self._poolgate.application(
                {**environ, "wsgi.input": io.BytesIO(body)},
                lambda status, _headers: statuses.append(status),
            )
            answer = b"".join(chunks)
            assert statuses == ["200 OK"], (statuses, answer)
            return answer

        return send
