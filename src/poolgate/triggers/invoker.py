"""Invokes functions: finds what runs them, keeps the time, tries again where that may help."""

import threading
from collections.abc import Mapping
from concurrent.futures import Future

from poolgate.triggers.python_functions import Handler, PythonFunction
from poolgate.triggers.targets import LIMIT_SECONDS, NotInvoked, NotInvokedNow, Target

# AWS Working with Lambda triggers: "After three unsuccessful attempts, the function times out."
_ATTEMPTS = 3


class FunctionInvoker:
    """Runs each function at its own target, others at the Lambda endpoint if there is one."""

    def __init__(
        self,
        targets: Mapping[str, Target],
        *,
        elsewhere: Target | None = None,
        limit_seconds: float = LIMIT_SECONDS,
    ) -> None:
        self._targets = dict(targets)
        self._elsewhere = elsewhere
        self._limit_seconds = limit_seconds

    def put_function(self, function_arn: str, handler: Handler) -> None:
        """Have a Python function answer for an ARN from now on."""
        self._targets[function_arn] = PythonFunction(handler)

    def knows(self, function_arn: str) -> bool:
        """Tell whether there is a target for the function; the Lambda endpoint is one for all."""
        return function_arn in self._targets or self._elsewhere is not None

    def invoke(self, function_arn: str, event: bytes) -> bytes:
        """Return the function's answer, within three attempts of five seconds each.

        Raises FunctionFailed or NotInvoked.
        """
        target = self._targets.get(function_arn, self._elsewhere)
        if target is None:
            # The error that AWS Lambda has for a function that is not there.
            raise NotInvoked(reason="ResourceNotFoundException")
        attempts_left = _ATTEMPTS
        while True:
            attempts_left -= 1
            try:
                return self._within_limit(target, function_arn, event)
            except NotInvokedNow:
                if not attempts_left:
                    raise

    def _within_limit(self, target: Target, function_arn: str, event: bytes) -> bytes:
        """Return the answer of one attempt, or raise NotInvokedNow when the time is up.

        The attempt has a thread of its own: nothing that trickles in can hold the caller longer.
        """
        answer: Future[bytes] = Future()

        def attempt() -> None:
            try:
                answer.set_result(target.invoke(function_arn, event))
            except BaseException as error:  # noqa: BLE001 - raised again where it is waited for
                answer.set_exception(error)

        threading.Thread(target=attempt, name="trigger", daemon=True).start()
        try:
            return answer.result(self._limit_seconds)
        except TimeoutError as error:
            raise NotInvokedNow(reason="Socket timeout while invoking Lambda function") from error
