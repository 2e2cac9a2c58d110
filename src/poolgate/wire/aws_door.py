"""The AWS door: `POST /` and `GET /` for all five services."""

from email.utils import formatdate
from functools import lru_cache

from poolgate.foundation.clock import epoch_seconds
from poolgate.foundation.randomness import random_uuid
from poolgate.web.handled import Handled, place_of
from poolgate.web.messages import HttpRequest, HttpResponse
from poolgate.wire.cors import ANSWER_HEADERS, BROWSER_SERVICES, preflight
from poolgate.wire.installation import Installation
from poolgate.wire.pipeline import Exchange, internal_error, run_pipeline


def handle_aws_request(installation: Installation, http: HttpRequest) -> Handled:
    """Answer one request; whatever happens inside, the answer is AWS-shaped."""
    exchange = Exchange(installation=installation, http=http, request_id=random_uuid())
    defect = ""
    if http.method == "OPTIONS":
        response = preflight(http)
    else:
        try:
            response = run_pipeline(exchange)
        except Exception as error:  # noqa: BLE001 - the last line of defence: anything is an internal error
            response, defect = internal_error(exchange), place_of(error)
    return _handled(exchange, response, defect)


def _handled(exchange: Exchange, response: HttpResponse, defect: str) -> Handled:
    service = exchange.service.name if exchange.service else ""
    headers = {
        "x-amzn-requestid": exchange.request_id,
        # AWS protocol.md 5: clients correct their clocks by it.
        "date": _http_date(epoch_seconds(exchange.installation.clock.now())),
        "cache-control": "no-store",
        **response.headers,
    }
    if service in BROWSER_SERVICES or not service:
        headers |= ANSWER_HEADERS
    return Handled(
        response=HttpResponse(response.status, headers, response.body, response.cookies),
        request_id=exchange.request_id,
        service=service,
        operation=exchange.operation_name,
        caller=exchange.caller.principal.arn if exchange.caller else "",
        error_code=exchange.error_code or "",
        failure=exchange.failure,
        defect=defect,
    )


@lru_cache(maxsize=4)
def _http_date(seconds: int) -> str:
    """Return a time as HTTP writes it; all answers of one second share the text."""
    return formatdate(seconds, usegmt=True)
