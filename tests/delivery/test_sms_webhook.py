import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from poolgate.credentials.webhook_signatures import SIGNATURE_HEADER
from poolgate.delivery.media import DeliveryFailed
from poolgate.delivery.queue import Medium, Message
from poolgate.delivery.sms_webhook import SmsWebhook, SmsWebhookSettings
from poolgate.foundation.secret import Secret

MESSAGE = Message("us-east-1_a", Medium.SMS, "+4915112345678", "", "Your code is 1", "test")


class _Receiver(BaseHTTPRequestHandler):
    server: "_Server"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((dict(self.headers), body))
        self.send_response(self.server.status)
        self.send_header("Location", self.server.url)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Receiver)
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.status = 204
        self.url = f"http://127.0.0.1:{self.server_address[1]}/sms"


@pytest.fixture
def receiver() -> Iterator[_Server]:
    server = _Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_text_is_posted_and_signed(receiver, clock):
    secret = Secret("shared")
    webhook = SmsWebhook(SmsWebhookSettings(url=receiver.url, signing_secret=secret), clock)
    webhook.send("m-1", MESSAGE)
    ((headers, body),) = receiver.received
    assert json.loads(body) == {
        "message_id": "m-1",
        "pool_id": "us-east-1_a",
        "recipient": "+4915112345678",
        "body": "Your code is 1",
        "purpose": "test",
    }
    seconds = str(int(clock.now().timestamp()))
    digest = hmac.new(b"shared", seconds.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert headers[SIGNATURE_HEADER] == f"t={seconds},v1={digest}"


def test_without_a_secret_nothing_is_signed(receiver, clock):
    SmsWebhook(SmsWebhookSettings(url=receiver.url), clock).send("m-1", MESSAGE)
    assert SIGNATURE_HEADER not in receiver.received[0][0]


@pytest.mark.parametrize(
    ("status", "permanent"), [(500, False), (429, False), (403, False), (302, False), (422, True)]
)
def test_any_other_answer_is_a_failure_and_no_redirect_is_followed(
    receiver, clock, status, permanent
):
    receiver.status = status
    webhook = SmsWebhook(SmsWebhookSettings(url=receiver.url), clock)
    with pytest.raises(DeliveryFailed) as failure:
        webhook.send("m-1", MESSAGE)
    assert (failure.value.reason, failure.value.permanent) == (f"HTTP status {status}", permanent)
    assert len(receiver.received) == 1


def test_no_receiver_is_a_reason_to_try_again(clock):
    webhook = SmsWebhook(SmsWebhookSettings(url="http://127.0.0.1:9/"), clock)
    with pytest.raises(DeliveryFailed) as failure:
        webhook.send("m-1", MESSAGE)
    assert not failure.value.permanent
