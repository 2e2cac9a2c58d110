"""Tokens that tell services elsewhere who the caller is."""

from collections.abc import Mapping
from datetime import UTC, datetime

from poolgate.iam import web_identity_tokens
from poolgate.iam.authorization import authorize
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes import sts as shapes
from poolgate.operations.sts.registrar import registrar
from poolgate.store.call import Call

_TAG_ACTION = "sts:TagGetWebIdentityToken"


def _token_context(
    _call: Call, request: shapes.GetWebIdentityTokenRequest
) -> Mapping[str, tuple[str, ...]]:
    """Return the condition keys of the operation.

    # AWS id_roles_providers_outbound_policies
    """
    seconds = request.get("DurationSeconds", web_identity_tokens.DEFAULT_SECONDS)
    context: dict[str, tuple[str, ...]] = {
        "sts:IdentityTokenAudience": tuple(request["Audience"]),
        "sts:DurationSeconds": (str(seconds),),
        "sts:SigningAlgorithm": (request["SigningAlgorithm"],),
    }
    tags = request.get("Tags", [])
    context |= {f"aws:RequestTag/{tag['Key']}": (tag["Value"],) for tag in tags}
    if tags:
        context["aws:TagKeys"] = tuple(tag["Key"] for tag in tags)
    return context


@registrar.operation(
    "GetWebIdentityToken", authentication=Authentication.SIGV4, context_of=_token_context
)
def get_web_identity_token(
    call: Call, request: shapes.GetWebIdentityTokenRequest
) -> shapes.GetWebIdentityTokenResponse:
    """Return a short-lived token of the caller, for audiences of its choice."""
    if call.principal is None:
        raise ValueError("a signed operation has a caller")
    tags = request.get("Tags", [])
    if tags:
        authorize(call, action=_TAG_ACTION, resource="*", context=_token_context(call, request))
    issued = web_identity_tokens.issue(
        call,
        call.principal,
        audiences=request["Audience"],
        algorithm=request["SigningAlgorithm"],
        seconds=request.get("DurationSeconds", web_identity_tokens.DEFAULT_SECONDS),
        tags=[(tag["Key"], tag["Value"]) for tag in tags],
    )
    return {
        "WebIdentityToken": issued.text,
        "Expiration": datetime.fromtimestamp(issued.expires_at, UTC),
    }
