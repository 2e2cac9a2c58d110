"""OAuth grants: which of them an app client may use."""

from poolgate.foundation.failure import Failure
from poolgate.userpools.app_clients import AppClient

CODE, IMPLICIT, CLIENT_CREDENTIALS = "code", "implicit", "client_credentials"


class GrantNotAllowed(Failure):
    """The app client may not use this grant."""


def verify_grant_allowed(app_client: AppClient, flow: str) -> None:
    """Raise GrantNotAllowed unless `flow` is among the app client's AllowedOAuthFlows."""
    # AWS AllowedOAuthFlowsUserPoolClient: while it is false, only API sign-in is permitted.
    if not app_client.oauth_allowed or flow not in (app_client.oauth_flows or ()):
        raise GrantNotAllowed
