"""Sign-ups that are confirmed by a link in an e-mail."""

import re
from typing import Any

import pytest
from kits.cognito import PASSWORD, App, attribute_list, refused
from kits.functions import FUNCTION, Recorder

from poolgate.testing import LocalPoolgate
from poolgate.web.messages import HttpResponse

EMAIL = "alice@example.com"
PAGE = "cognito-user-pool-settings-email-verification-message-customization"
SIGN_UP_PAGE = "signing-up-users-in-your-app"
BY_LINK = {
    "AutoVerifiedAttributes": ["email"],
    "VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_LINK"},
}
CONFIRMED = "Your registration has been confirmed"
USELESS = "This link cannot be used"


def by_link(poolgate: LocalPoolgate, *, domain: str | None = "people", **settings: Any) -> App:
    hides, secret = settings.pop("hides", False), settings.pop("secret", False)
    app = App.of(poolgate, pool={**BY_LINK, **settings}, hides=hides, secret=secret)
    if domain is not None:
        app.cognito.create_user_pool_domain(UserPoolId=app.pool_id, Domain=domain)
    return app


@pytest.fixture
def app(poolgate: LocalPoolgate) -> App:
    return by_link(poolgate)


def sign_up(app: App, username: str = "alice", email: str = EMAIL) -> None:
    members = {} if app.client_secret is None else {"SecretHash": app.secret_hash(username)}
    app.cognito.sign_up(
        ClientId=app.client_id,
        Username=username,
        Password=PASSWORD,
        UserAttributes=attribute_list({"email": email}),
        **members,
    )


def link_to(app: App, recipient: str = EMAIL) -> str:
    """Return where the link in the newest e-mail leads, as a browser asks for it."""
    body = app.poolgate.outbox(recipient)[-1].body
    (target,) = re.findall(r'<a href="([^"]+)">', body)
    return str(target.replace("&amp;", "&").removeprefix(app.poolgate.url))


def opened(app: App, target: str, method: str = "GET") -> tuple[int, str]:
    response = app.poolgate.send(method, target)
    (title,) = re.findall("<h1>(.*)</h1>", response.body.decode()) or [""]
    return response.status, title


@pytest.mark.documented(PAGE, "a link that leads to confirmUser of the pool's domain")
@pytest.mark.parametrize("secret", [False, True])
def test_opening_the_link_confirms(poolgate: LocalPoolgate, *, secret: bool) -> None:
    app = by_link(poolgate, secret=secret)
    sign_up(app)
    message = poolgate.outbox(EMAIL)[-1]
    assert message.subject == "Your verification link"
    target = link_to(app)
    assert target == (
        f"/domains/people/confirmUser?client_id={app.client_id}&user_name=alice"
        f"&confirmation_code={message.code}"
    )
    assert opened(app, target) == (200, CONFIRMED)
    assert app.status() == "CONFIRMED"
    assert app.attributes()["email_verified"] == "true"
    assert opened(app, target) == (400, USELESS)


@pytest.mark.documented(PAGE, "the text between the signs is the link's; the path may end in /")
def test_own_text_is_used_and_the_resent_link_counts(poolgate: LocalPoolgate) -> None:
    app = by_link(
        poolgate,
        VerificationMessageTemplate={
            "DefaultEmailOption": "CONFIRM_WITH_LINK",
            "EmailMessageByLink": "<b>Welcome!</b> {##Confirm & go##} or {##here##}.",
            "EmailSubjectByLink": "Welcome",
        },
    )
    sign_up(app, "Ümlaut&<b>")
    first = poolgate.outbox(EMAIL)[-1]
    assert first.subject == "Welcome"
    assert re.fullmatch(
        r'<b>Welcome!</b> <a href="[^"<>]+">Confirm & go</a> or <a href="[^"<>]+">here</a>\.',
        first.body,
    )
    poolgate.clock.advance(60)
    app.cognito.resend_confirmation_code(ClientId=app.client_id, Username="Ümlaut&<b>")
    body = poolgate.outbox(EMAIL)[-1].body.replace("here", "")
    target = re.findall(r'<a href="([^"]+)">', body)[0].replace("&amp;", "&")
    target = target.removeprefix(poolgate.url).replace("confirmUser?", "confirmUser/?")
    assert "%C3%9Cmlaut%26%3Cb%3E" in target
    assert opened(app, target) == (200, CONFIRMED)


@pytest.mark.documented("API_ConfirmSignUp", "the code of the link is a code")
def test_the_code_in_the_link_confirms_through_the_api_too(app: App) -> None:
    sign_up(app)
    app.cognito.confirm_sign_up(
        ClientId=app.client_id, Username="alice", ConfirmationCode=app.last_code(EMAIL)
    )
    assert app.status() == "CONFIRMED"


@pytest.mark.documented("API_GetUserAttributeVerificationCode", "sends a code")
def test_changed_addresses_are_verified_by_codes(app: App) -> None:
    app.user()
    access_token = app.access_token()
    app.cognito.update_user_attributes(
        AccessToken=access_token, UserAttributes=attribute_list({"email": EMAIL})
    )
    assert "<a href" not in app.poolgate.outbox(EMAIL)[-1].body
    app.cognito.verify_user_attribute(
        AccessToken=access_token, AttributeName="email", Code=app.last_code(EMAIL)
    )


@pytest.mark.documented(PAGE, "links are for e-mail")
def test_phones_get_codes(poolgate: LocalPoolgate) -> None:
    app = by_link(poolgate, AutoVerifiedAttributes=["email", "phone_number"])
    app.cognito.sign_up(
        ClientId=app.client_id,
        Username="alice",
        Password=PASSWORD,
        UserAttributes=attribute_list({"phone_number": "+15555550123"}),
    )
    assert poolgate.outbox()[-1].body.startswith("Your verification code is ")


@pytest.mark.assumed("what a link pool without a domain answers")
@pytest.mark.parametrize("hides", [False, True])
def test_without_a_domain_nobody_is_signed_up(poolgate: LocalPoolgate, *, hides: bool) -> None:
    app = by_link(poolgate, domain=None, hides=hides)
    no_domain = (
        "CodeDeliveryFailureException",
        "The user pool has no domain for confirmation links.",
    )
    with refused(*no_domain):
        sign_up(app)
    assert not app.cognito.list_users(UserPoolId=app.pool_id)["Users"]
    if hides:
        with refused(*no_domain):
            app.cognito.resend_confirmation_code(ClientId=app.client_id, Username="nobody")


@pytest.mark.documented("domain", "a custom domain")
def test_links_lead_to_the_custom_domain_where_there_is_one(app: App) -> None:
    app.cognito.create_user_pool_domain(
        UserPoolId=app.pool_id,
        Domain="login.example.com",
        CustomDomainConfig={"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1"},
    )
    sign_up(app)
    target = link_to(app)
    assert target.startswith("/domains/login.example.com/confirmUser?")
    assert opened(app, target) == (200, CONFIRMED)


@pytest.mark.assumed("what a page says of a link that cannot be used")
def test_useless_links_tell_nothing(app: App) -> None:
    sign_up(app)
    right = link_to(app)
    other = by_link(app.poolgate, domain="others")
    sign_up(other)
    path, _, query = right.partition("?")
    useless = [
        path,
        f"{path}?client_id=x",
        right.replace("user_name=alice", "user_name=nobody"),
        right.replace("user_name=alice", "user_name="),
        right.replace(app.client_id, other.client_id),
        right.replace("/people/", "/others/"),
        f"{right}&user_name=bob",
        right.replace("user_name=alice", "user_name=a%00b"),
        f"{right[:-6]}{(int(right[-6:]) + 1) % 1_000_000:06}",
        f"{path}?{query}{'&a=b' * 20}",
    ]
    pages = [app.poolgate.send("GET", target) for target in useless]
    assert {page.status for page in pages} == {400}
    assert len({page.body for page in pages}) == 1
    assert app.status() == "UNCONFIRMED"
    app.poolgate.clock.advance(24 * 3600)
    assert opened(app, right) == (400, USELESS)


@pytest.mark.documented("limits", "ConfirmSignUp: 15 attempts an hour")
def test_guessing_links_is_limited_as_guessing_codes_is(app: App) -> None:
    sign_up(app)
    right = link_to(app)
    wrong = f"{right[:-6]}{(int(right[-6:]) + 1) % 1_000_000:06}"
    for _ in range(15):
        assert opened(app, wrong)[0] == 400
    assert opened(app, right) == (429, "Too many attempts")


@pytest.mark.assumed("looking at a link without opening it confirms nothing")
def test_only_opening_the_link_confirms(app: App) -> None:
    sign_up(app)
    target = link_to(app)
    assert opened(app, target, "HEAD") == (200, "")
    assert opened(app, target, "POST")[0] == 405
    assert app.status() == "UNCONFIRMED"


@pytest.mark.assumed("what a page says of a link that cannot be used")
def test_pages_run_nothing_and_tell_nobody_where_they_were(app: App) -> None:
    sign_up(app)
    page: HttpResponse = app.poolgate.send("GET", link_to(app))
    assert page.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha")
    assert "script" not in page.body.decode()
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    code = app.last_code(EMAIL)
    assert code not in app.poolgate.log.getvalue()


@pytest.mark.documented("user-pool-lambda-custom-message", "linkParameter")
def test_function_words_the_link(poolgate: LocalPoolgate) -> None:
    function = Recorder(poolgate)
    app = by_link(poolgate, LambdaConfig={"CustomMessage": FUNCTION})
    function.response["CustomMessage_SignUp"] = {
        "emailMessage": "Please: {##Click Here##}",
        "emailSubject": "Hello",
    }
    sign_up(app)
    assert function.events[-1]["request"]["linkParameter"] == "{##Click Here##}"
    assert poolgate.outbox(EMAIL)[-1].subject == "Hello"
    assert opened(app, link_to(app)) == (200, CONFIRMED)
    function.response["CustomMessage_SignUp"] = {"emailMessage": "No link, no code"}
    with refused("InvalidLambdaResponseException"):
        sign_up(app, "bob")


@pytest.mark.documented("user-pool-lambda-post-confirmation", "runs after the confirmation")
def test_function_hears_of_the_confirmation_and_cannot_undo_it(poolgate: LocalPoolgate) -> None:
    function = Recorder(poolgate)
    app = by_link(poolgate, LambdaConfig={"PostConfirmation": FUNCTION})
    sign_up(app)
    function.error = "too late"
    assert opened(app, link_to(app)) == (200, CONFIRMED)
    assert function.sources == ["PostConfirmation_ConfirmSignUp"]
    assert function.events[0]["callerContext"]["clientId"] == app.client_id
    assert app.status() == "CONFIRMED"


@pytest.mark.model("VerificationMessageTemplateType")
def test_the_option_is_described_and_reset(app: App) -> None:
    def option() -> str:
        pool = app.cognito.describe_user_pool(UserPoolId=app.pool_id)["UserPool"]
        return str(pool["VerificationMessageTemplate"]["DefaultEmailOption"])

    assert option() == "CONFIRM_WITH_LINK"
    app.cognito.update_user_pool(UserPoolId=app.pool_id)
    assert option() == "CONFIRM_WITH_CODE"
