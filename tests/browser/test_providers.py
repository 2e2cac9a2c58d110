"""Signing in with an identity provider: a second pool of this server, in one browser."""

import pytest
from kits.oauth import claims_of

PROVIDER = "Partner"


@pytest.fixture
def partner(make_app):
    app = make_app()
    app.user("paula")
    return app


@pytest.fixture
def app(make_app, partner):
    return with_partner(make_app(), partner, [])


@pytest.fixture
def app_of_organizations(make_app, partner):
    """An app that lists no providers: an address tells which one it is."""
    return with_partner(make_app(), partner, ["partner.example"])


def with_partner(first, partner, identifiers):
    at_partner = partner.another(
        GenerateSecret=True, CallbackURLs=[first.page("/oauth2/idpresponse")]
    )
    described = partner.cognito.describe_user_pool_client(
        UserPoolId=partner.pool_id, ClientId=at_partner.client_id
    )["UserPoolClient"]
    first.cognito.create_identity_provider(
        UserPoolId=first.pool_id,
        ProviderName=PROVIDER,
        ProviderType="OIDC",
        ProviderDetails={
            "client_id": at_partner.client_id,
            "client_secret": described["ClientSecret"],
            "authorize_scopes": "openid email",
            "attributes_request_method": "GET",
            "oidc_issuer": f"{first.served.url}/{partner.pool_id}",
        },
        AttributeMapping={"email": "email"},
        IdpIdentifiers=identifiers,
    )
    return first.another(SupportedIdentityProviders=["COGNITO", PROVIDER])


def is_paula(tokens):
    claims = claims_of(tokens["id_token"])
    return (claims["email"], claims["identities"][0]["providerName"]) == (
        "paula@example.com",
        PROVIDER,
    )


def test_a_partner_vouches_for_its_user(visitor, app, partner):
    visitor.opens(app.link()).sees("Sign in").fits_everybody()
    visitor.follows("Continue with Partner")
    visitor.page.wait_for_url(f"**/domains/{partner.domain}/login*")
    visitor.signs_in("paula", "Wrong-Horse-1").sees_fault("Incorrect username or password.")
    assert is_paula(visitor.signs_in("paula").arrives_signed_in(app))
    # Going back shows no second sign-in under way, and the form still leads somewhere.
    visitor.opens(app.link(prompt="login")).sees("Sign in")


def test_who_comes_back_by_the_back_button_may_go_there_again(visitor, app, partner):
    visitor.opens(app.link()).follows("Continue with Partner")
    visitor.page.wait_for_url(f"**/domains/{partner.domain}/login*")
    visitor.goes_back().sees("Sign in", "Sign in another way").follows("Continue with Partner")
    assert is_paula(visitor.signs_in("paula").arrives_signed_in(app))


def test_an_address_leads_to_its_organization_without_script(visit, app_of_organizations, partner):
    app, plain = app_of_organizations, visit(java_script_enabled=False)
    field = "E-mail address at your organization"
    plain.opens(app.link()).fills({field: "somebody@elsewhere.example"})
    plain.page.get_by_role("button", name="Continue", exact=True).click()
    plain.sees_fault("We know no organization of this address.")
    plain.fills({field: "paula@partner.example"}).presses("Continue")
    plain.page.wait_for_url(f"**/domains/{partner.domain}/login*")
    assert is_paula(plain.signs_in("paula").arrives_signed_in(app))
