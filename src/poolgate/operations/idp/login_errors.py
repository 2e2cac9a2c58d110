"""How cognito-idp words the failures of what login pages are made of: domains, looks, providers."""

from collections.abc import Mapping

from poolgate.foundation.failure import Failure
from poolgate.operations.errors import AwsError
from poolgate.userpools import domains

INVALID_PARAMETER = "InvalidParameterException"

LOGIN_ERRORS: Mapping[type[Failure], AwsError] = {
    # OBSERVED terraform-provider-aws, aws-nuke: what deleting an unknown domain answers.
    domains.DomainNotFound: AwsError(INVALID_PARAMETER, "No such domain or user pool exists."),
    # OBSERVED aws-cdk-examples issue 402.
    domains.DomainTaken: AwsError(
        INVALID_PARAMETER, "Domain already associated with another user pool."
    ),
    domains.PoolHasSuchDomain: AwsError(
        INVALID_PARAMETER, "User pool already has a domain configured."
    ),
    # OBSERVED mineiros-io/terraform-aws-cognito-user-pool issue 69.
    domains.DomainMalformed: AwsError(
        INVALID_PARAMETER,
        "The domain name contains an invalid character. Domain names can only contain lower-case "
        "letters, numbers, and hyphens. Please enter a different name that follows this format: "
        r"^[a-z0-9](?:[a-z0-9\-]{{0,61}}[a-z0-9])?$",
    ),
    # OBSERVED amplify-cli issue 3854.
    domains.DomainReserved: AwsError(
        INVALID_PARAMETER, "Domain cannot contain reserved word: {word}"
    ),
    # OBSERVED where stacks with a custom domain failed to deploy.
    domains.NotASubdomain: AwsError(
        INVALID_PARAMETER,
        "Custom domain is not a valid subdomain: Was not able to resolve a DNS A record for the "
        "parent domain or domain parent is a top-level domain.",
    ),
    domains.InvalidDomainSettings: AwsError(INVALID_PARAMETER, "{fault}"),
}
