"""The domains of user pools, where their login pages are."""

from urllib.parse import urlsplit

from poolgate import __version__
from poolgate.foundation.ids import PoolId, Region, region_of_pool
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    CreateUserPoolDomainRequest,
    CreateUserPoolDomainResponse,
    CustomDomainConfigType,
    DeleteUserPoolDomainRequest,
    DeleteUserPoolDomainResponse,
    DescribeUserPoolDomainRequest,
    DescribeUserPoolDomainResponse,
    DomainDescriptionType,
    RoutingType,
    UpdateUserPoolDomainRequest,
    UpdateUserPoolDomainResponse,
)
from poolgate.store.call import Call
from poolgate.store.database import Transaction
from poolgate.userpools import domains, replicas
from poolgate.userpools.domains import CustomDomain, Failover, UserPoolDomain


@registrar.operation("CreateUserPoolDomain", authentication=Authentication.SIGV4)
def create_user_pool_domain(
    call: Call, request: CreateUserPoolDomainRequest
) -> CreateUserPoolDomainResponse:
    """Give a pool a prefix domain or a custom domain."""
    domain = domains.create(
        call,
        UserPoolDomain(
            domain=request["Domain"],
            pool_id=PoolId(request["UserPoolId"]),
            managed_login_version=request.get("ManagedLoginVersion", domains.CLASSIC_HOSTED_UI),
            custom=_custom(request.get("CustomDomainConfig")),
            failover=_failover(request.get("Routing", {})),
        ),
    )
    response = CreateUserPoolDomainResponse(ManagedLoginVersion=domain.managed_login_version)
    if domain.is_custom:
        response["CloudFrontDomain"] = alias_target(call)
    if domain.failover is not None:
        response["Routing"] = _routing(domain.failover)
    return response


@registrar.operation("DescribeUserPoolDomain", authentication=Authentication.SIGV4)
def describe_user_pool_domain(
    call: Call, request: DescribeUserPoolDomainRequest
) -> DescribeUserPoolDomainResponse:
    """Show a domain of the region; one that is not there is an empty description."""
    with call.db.reading() as transaction:
        domain = domains.find(transaction, request["Domain"])
        is_known = domain is not None and _is_known_in(transaction, domain, call.region)
    if domain is None or not is_known:
        return {"DomainDescription": {}}
    return {"DomainDescription": _description(call, domain)}


@registrar.operation("UpdateUserPoolDomain", authentication=Authentication.SIGV4)
def update_user_pool_domain(
    call: Call, request: UpdateUserPoolDomainRequest
) -> UpdateUserPoolDomainResponse:
    """Change the version of a domain's login pages, or its certificate."""
    domain = domains.update(
        call,
        PoolId(request["UserPoolId"]),
        request["Domain"],
        managed_login_version=request.get("ManagedLoginVersion"),
        custom=_custom(request.get("CustomDomainConfig")),
        failover=_failover(request.get("Routing", {})),
        has_routing="Routing" in request,
    )
    response = UpdateUserPoolDomainResponse(ManagedLoginVersion=domain.managed_login_version)
    if domain.is_custom:
        response["CloudFrontDomain"] = alias_target(call)
    if domain.failover is not None:
        response["Routing"] = _routing(domain.failover)
    return response


@registrar.operation("DeleteUserPoolDomain", authentication=Authentication.SIGV4)
def delete_user_pool_domain(
    call: Call, request: DeleteUserPoolDomainRequest
) -> DeleteUserPoolDomainResponse:
    """Take a domain from its pool."""
    domains.delete(call, PoolId(request["UserPoolId"]), request["Domain"])
    return {}


def alias_target(call: Call) -> str:
    """Return the host that the DNS record of a custom domain points at: this server's own."""
    return urlsplit(call.public_url).hostname or ""


def _is_known_in(transaction: Transaction, domain: UserPoolDomain, region: Region) -> bool:
    if region_of_pool(domain.pool_id) == region:
        return True
    # AWS DescribeUserPoolDomain: a prefix domain is described in the region it was made in.
    replica = replicas.find(transaction, domain.pool_id, region) if domain.is_custom else None
    return replica is not None and replica.active


def _failover(shape: RoutingType) -> Failover | None:
    failover = shape.get("Failover")
    if failover is None:
        return None
    return Failover(Region(failover["SecondaryRegion"]), failover["PrimaryRoute53HealthCheckId"])


def _routing(failover: Failover) -> RoutingType:
    return {
        "Failover": {
            "SecondaryRegion": failover.secondary_region,
            "PrimaryRoute53HealthCheckId": failover.health_check_id,
        }
    }


def _custom(shape: CustomDomainConfigType | None) -> CustomDomain | None:
    if not shape:
        return None
    return CustomDomain(shape["CertificateArn"], shape.get("SecurityPolicy"))


def _description(call: Call, domain: UserPoolDomain) -> DomainDescriptionType:
    shape = DomainDescriptionType(
        UserPoolId=domain.pool_id,
        AWSAccountId=call.account_id,
        Domain=domain.domain,
        CloudFrontDistribution=alias_target(call),
        Version=__version__,
        Status="ACTIVE",
        ManagedLoginVersion=domain.managed_login_version,
    )
    if domain.custom is not None:
        shape["CustomDomainConfig"] = {"CertificateArn": domain.custom.certificate_arn}
        if domain.custom.security_policy is not None:
            shape["CustomDomainConfig"]["SecurityPolicy"] = domain.custom.security_policy
    if domain.failover is not None:
        shape["Routing"] = _routing(domain.failover)
    return shape
