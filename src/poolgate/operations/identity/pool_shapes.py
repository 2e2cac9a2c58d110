"""Identity pools and role mappings as requests give them and answers show them."""

from poolgate.identitypools.identity_pools import (
    IdentityPool,
    RoleMapping,
    RoleRule,
    UserPoolLink,
)
from poolgate.identitypools.logins import USER_POOL_PROVIDER
from poolgate.operations.identity.requests import RequestInvalid
from poolgate.operations.registry import Shape
from poolgate.operations.shapes import identity as shapes

_TOKEN, _RULES = "Token", "Rules"
_FALLS_BACK, _DENIES = "AuthenticatedRole", "Deny"
_MOST_RULES = 25


def pool_of_request(pool_id: str, request: Shape) -> IdentityPool:
    """Return the pool that the request describes; raise RequestInvalid."""
    return IdentityPool(
        pool_id=pool_id,
        name=request["IdentityPoolName"],
        allows_guests=request["AllowUnauthenticatedIdentities"],
        allows_classic_flow=request.get("AllowClassicFlow"),
        login_providers=dict(request.get("SupportedLoginProviders", {})),
        developer_provider=request.get("DeveloperProviderName"),
        oidc_provider_arns=tuple(request.get("OpenIdConnectProviderARNs", ())),
        user_pools=tuple(map(_link, request.get("CognitoIdentityProviders", ()))),
        saml_provider_arns=tuple(request.get("SamlProviderARNs", ())),
        tags=dict(request.get("IdentityPoolTags", {})),
    )


def pool_shape(pool: IdentityPool) -> shapes.IdentityPool:
    """Return a pool as answers show it; what was never set is left out."""
    shape: shapes.IdentityPool = {
        "IdentityPoolId": pool.pool_id,
        "IdentityPoolName": pool.name,
        "AllowUnauthenticatedIdentities": pool.allows_guests,
        "IdentityPoolTags": pool.tags,
    }
    if pool.allows_classic_flow is not None:
        shape["AllowClassicFlow"] = pool.allows_classic_flow
    if pool.login_providers:
        shape["SupportedLoginProviders"] = pool.login_providers
    if pool.developer_provider is not None:
        shape["DeveloperProviderName"] = pool.developer_provider
    if pool.oidc_provider_arns:
        shape["OpenIdConnectProviderARNs"] = list(pool.oidc_provider_arns)
    if pool.user_pools:
        shape["CognitoIdentityProviders"] = [
            {
                "ProviderName": link.provider_name,
                "ClientId": link.client_id,
                "ServerSideTokenCheck": link.checks_server_side,
            }
            for link in pool.user_pools
        ]
    if pool.saml_provider_arns:
        shape["SamlProviderARNs"] = list(pool.saml_provider_arns)
    return shape


def mappings_of_request(given: dict[str, shapes.RoleMapping]) -> dict[str, RoleMapping]:
    """Return the role mappings by login; raise RequestInvalid."""
    return {mapping_key: _mapping(shape) for mapping_key, shape in given.items()}


def mapping_shapes(mappings: dict[str, RoleMapping]) -> dict[str, shapes.RoleMapping]:
    """Return role mappings as answers show them."""
    return {mapping_key: _mapping_shape(mapping) for mapping_key, mapping in mappings.items()}


def _mapping(shape: shapes.RoleMapping) -> RoleMapping:
    if "AmbiguousRoleResolution" not in shape:
        raise RequestInvalid("AmbiguousRoleResolution is required for role mappings.")
    by_token = shape["Type"] == _TOKEN
    rules = shape.get("RulesConfiguration", {"Rules": []})["Rules"]
    if by_token is bool(rules) or len(rules) > _MOST_RULES:
        raise RequestInvalid(
            f"A mapping of type {_RULES} needs 1 to {_MOST_RULES} rules, one of type {_TOKEN} none."
        )
    return RoleMapping(
        by_token=by_token,
        falls_back=shape["AmbiguousRoleResolution"] == _FALLS_BACK,
        rules=tuple(
            RoleRule(
                claim=rule["Claim"],
                match_type=rule["MatchType"],
                value=rule["Value"],
                role_arn=rule["RoleARN"],
            )
            for rule in rules
        ),
    )


def _mapping_shape(mapping: RoleMapping) -> shapes.RoleMapping:
    shape: shapes.RoleMapping = {
        "Type": _TOKEN if mapping.by_token else _RULES,
        "AmbiguousRoleResolution": _FALLS_BACK if mapping.falls_back else _DENIES,
    }
    if mapping.rules:
        shape["RulesConfiguration"] = {
            "Rules": [
                {
                    "Claim": rule.claim,
                    "MatchType": rule.match_type,
                    "Value": rule.value,
                    "RoleARN": rule.role_arn,
                }
                for rule in mapping.rules
            ]
        }
    return shape


def _link(shape: shapes.CognitoIdentityProvider) -> UserPoolLink:
    provider_name, client_id = shape.get("ProviderName"), shape.get("ClientId")
    if provider_name is None or client_id is None:
        raise RequestInvalid("A Cognito identity provider needs ProviderName and ClientId.")
    if not USER_POOL_PROVIDER.fullmatch(provider_name):
        raise RequestInvalid(
            "ProviderName is cognito-idp.{region}.amazonaws.com/{user pool id}, not"
            f" {provider_name}"
        )
    return UserPoolLink(
        provider_name=provider_name,
        client_id=client_id,
        checks_server_side=shape.get("ServerSideTokenCheck", False),
    )
