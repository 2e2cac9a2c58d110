"""`/oauth2/device_authorization` (RFC 8628): a device without a browser begins to wait."""

from poolgate.oauth.answers import json_answer
from poolgate.oauth.authorization_requests import granted_scopes, is_resource
from poolgate.oauth.client_authentication import authenticated_client, is_proven
from poolgate.oauth.errors import OAuthError, OAuthRefused
from poolgate.oauth.requests import OAuthRequest, form_of
from poolgate.userpools import device_authorizations
from poolgate.web.messages import HttpResponse
from poolgate.web.parameters import render_parameters

VERIFICATION_PATH = "/device"


def answer_device_request(request: OAuthRequest) -> HttpResponse:
    """Return the codes of the device, and where its owner types the short one."""
    form = form_of(request)
    app_client = authenticated_client(request, form)
    device_authorizations.verify_may_use_devices(app_client)
    resource = form.get("resource")
    if resource is not None and not is_resource(resource):
        raise OAuthRefused(OAuthError("invalid_target"))
    scopes = granted_scopes(request.call, app_client, form)
    begun = device_authorizations.begin(
        request.call, app_client, scopes, resource, is_proven=is_proven(app_client, form)
    )
    verification_uri = request.place.base_url + VERIFICATION_PATH
    query = render_parameters((("user_code", begun.user_code),))
    return json_answer(
        {
            "device_code": begun.device_code.reveal(),
            "user_code": begun.user_code,
            "verification_uri": verification_uri,
            "verification_uri_complete": f"{verification_uri}?{query}",
            "expires_in": device_authorizations.LIFETIME_SECONDS,
            "interval": device_authorizations.INTERVAL_SECONDS,
        }
    )
