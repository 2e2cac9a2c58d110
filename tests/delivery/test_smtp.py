import ssl

import pytest
from kits.mail_server import PASSWORD, USERNAME, mail_server

from poolgate.delivery.media import DeliveryFailed
from poolgate.delivery.queue import Medium, Message
from poolgate.delivery.smtp import SmtpSecurity, SmtpSender, SmtpSettings
from poolgate.foundation.secret import Secret


def message(**changes: object) -> Message:
    return Message(
        **{
            "pool_id": "us-east-1_a",
            "medium": Medium.EMAIL,
            "recipient": "ada@example.com",
            "subject": "Dein Schlüssel",
            "body": "Your code is 123456\n.\nBye",
            "purpose": "test",
            **changes,
        }
    )


def settings(server, **changes: object) -> SmtpSettings:
    return SmtpSettings(
        **{
            "host": server.host,
            "port": server.port,
            "from_address": "Pool <pool@example.org>",
            "security": SmtpSecurity.NONE,
            "certificate_authorities": server.certificate,
            "timeout_seconds": 10,
            **changes,
        }
    )


def test_a_mail_arrives_as_it_was_written(tmp_path, clock):
    with mail_server(tmp_path) as server:
        sender = SmtpSender(settings(server), clock)
        sender.send("m-1", message())
        sender.rest()
    (mail,) = server.box.mails
    assert server.box.recipients == ["ada@example.com"]
    assert mail["To"] == "ada@example.com"
    assert mail["From"] == "Pool <pool@example.org>"
    assert mail["Message-ID"] == "<m-1@example.org>"
    assert mail["Date"] == "Fri, 01 May 2026 12:00:00 +0000"
    assert mail.get_content_type() == "text/plain"
    lines = mail.get_payload(decode=True).decode().splitlines()
    assert lines == ["Your code is 123456", ".", "Bye"]


def test_a_pool_may_have_its_own_sender_and_html(tmp_path, clock):
    with mail_server(tmp_path) as server:
        sender = SmtpSender(settings(server), clock)
        wishes = {"from_address": "us@pool.example", "reply_to": "help@pool.example"}
        sender.send("m-1", message(body="<b>1</b>", body_is_html=True, **wishes))
        sender.rest()
    (mail,) = server.box.mails
    assert (mail["From"], mail["Reply-To"]) == ("us@pool.example", "help@pool.example")
    assert mail.get_content_type() == "text/html"


def test_several_mails_share_a_connection(tmp_path, clock):
    with mail_server(tmp_path) as server:
        sender = SmtpSender(settings(server), clock)
        for number in range(3):
            sender.send(f"m-{number}", message())
        assert server.box.connections == 1
        sender.rest()
        sender.send("m-4", message())
        sender.rest()
    assert (server.box.connections, len(server.box.mails)) == (2, 4)


@pytest.mark.parametrize("security", [SmtpSecurity.STARTTLS, SmtpSecurity.TLS])
def test_a_protected_connection_logs_in(tmp_path, clock, security):
    with mail_server(tmp_path, security=security, wants_login=True) as server:
        sender = SmtpSender(
            settings(server, security=security, username=USERNAME, password=Secret(PASSWORD)),
            clock,
        )
        sender.send("m-1", message())
        sender.rest()
    assert len(server.box.mails) == 1


def test_a_server_without_starttls_gets_neither_password_nor_mail(tmp_path, clock):
    with mail_server(
        tmp_path, security="starttls", offers_starttls=False, wants_login=True
    ) as server:
        sender = SmtpSender(
            settings(
                server,
                security=SmtpSecurity.STARTTLS,
                username=USERNAME,
                password=Secret(PASSWORD),
            ),
            clock,
        )
        with pytest.raises(DeliveryFailed) as failure:
            sender.send("m-1", message())
    assert not failure.value.permanent
    assert server.box.mails == []


def test_an_unknown_certificate_is_refused(tmp_path, clock):
    with mail_server(tmp_path, security="tls") as server:
        untrusting = settings(server, security=SmtpSecurity.TLS, certificate_authorities=None)
        with pytest.raises(DeliveryFailed) as failure:
            SmtpSender(untrusting, clock).send("m-1", message())
    assert isinstance(failure.value.__cause__, ssl.SSLError)


def test_a_wrong_password_is_reported_without_it(tmp_path, clock):
    with mail_server(tmp_path, security="tls", wants_login=True) as server:
        wrong = settings(
            server, security=SmtpSecurity.TLS, username=USERNAME, password=Secret("Wrong-1")
        )
        with pytest.raises(DeliveryFailed) as failure:
            SmtpSender(wrong, clock).send("m-1", message())
    assert failure.value.reason == "535 wrong"
    assert not failure.value.permanent


@pytest.mark.parametrize(
    ("reply", "permanent"), [("550 no such person", True), ("451 later", False)]
)
def test_a_refused_recipient_is_reported(tmp_path, clock, reply, permanent):
    with mail_server(tmp_path) as server:
        server.box.replies["eve@example.com"] = reply
        sender = SmtpSender(settings(server), clock)
        with pytest.raises(DeliveryFailed) as failure:
            sender.send("m-1", message(recipient="eve@example.com"))
        assert (failure.value.reason, failure.value.permanent) == (reply, permanent)
        sender.send("m-2", message())
        sender.rest()
    assert server.box.recipients == ["ada@example.com"]


@pytest.mark.parametrize("member", ["recipient", "subject", "from_address", "reply_to"])
def test_a_line_break_never_makes_a_header(tmp_path, clock, member):
    with mail_server(tmp_path) as server:
        sender = SmtpSender(settings(server), clock)
        with pytest.raises(DeliveryFailed) as failure:
            sender.send("m-1", message(**{member: "a@b.example\r\nBcc: eve@example.com"}))
        assert failure.value.permanent
        sender.rest()
    assert server.box.mails == []


def test_no_server_is_a_reason_to_try_again(tmp_path, clock):
    with mail_server(tmp_path) as server:
        pass
    with pytest.raises(DeliveryFailed) as failure:
        SmtpSender(settings(server), clock).send("m-1", message())
    assert not failure.value.permanent


def test_settings_that_would_show_a_password_are_refused():
    common = {"host": "mail.example", "port": 25, "from_address": "a@b"}
    with pytest.raises(ValueError, match="without TLS"):
        SmtpSettings(**common, security=SmtpSecurity.NONE, username="u", password=Secret("p"))
    with pytest.raises(ValueError, match="both"):
        SmtpSettings(**common, username="u")
