"""What runs the functions that pools name as triggers, as the settings say."""

from poolgate.foundation.clock import SystemClock
from poolgate.server.settings import Settings
from poolgate.triggers.invoker import FunctionInvoker
from poolgate.triggers.lambda_endpoint import LambdaEndpoint, LambdaSettings
from poolgate.triggers.webhooks import Webhook


def functions_of(settings: Settings) -> FunctionInvoker:
    """Return the invoker; without settings every function is one that cannot be invoked."""
    # Whoever is asked checks signatures by the machine's clock, even if this server's was moved.
    clock = SystemClock()
    url = settings.lambda_endpoint_url
    access_key_id, secret_access_key = (
        settings.lambda_access_key_id,
        settings.lambda_secret_access_key,
    )
    endpoint = None
    if url and access_key_id and secret_access_key:
        endpoint = LambdaEndpoint(
            LambdaSettings(
                url=url, access_key_id=access_key_id, secret_access_key=secret_access_key
            ),
            clock,
        )
    signing_secret = settings.trigger_signing_secret
    webhooks = (
        {arn: Webhook(url, signing_secret, clock) for arn, url in settings.triggers.items()}
        if signing_secret
        else {}
    )
    return FunctionInvoker(webhooks, elsewhere=endpoint)
