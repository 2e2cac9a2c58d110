"""What requests for sessions ask, as the domain takes it."""

import re

from poolgate.foundation.failure import Failure
from poolgate.iam.mfa_devices import MfaProof
from poolgate.iam.session_requests import SessionWishes
from poolgate.operations.registry import Shape
from poolgate.policy.arns import is_arn

_ROLE = re.compile(r"arn:aws:iam::[0-9]{12}:role/.+")
_SAML_PROVIDER = re.compile(r"arn:aws:iam::[0-9]{12}:saml-provider/.+")


class RoleArnInvalid(Failure):
    """What should name a role is no ARN. Facts: arn."""


class RequestArnInvalid(Failure):
    """An ARN of the request names another kind of thing. Facts: which."""


class SessionCredentialsRefused(Failure):
    """Temporary keys do not make further sessions in this way. Facts: operation."""


class TokenCodeMissing(Failure):
    """A serial number goes with a code of its device, and a code with a serial number."""


def role_arn(request: Shape) -> str:
    """Return the role that is asked for; raise RoleArnInvalid."""
    arn: str = request["RoleArn"]
    if not is_arn(arn):
        raise RoleArnInvalid(arn=arn)
    return arn


def saml_arns(request: Shape) -> tuple[str, str]:
    """Return the role and the SAML provider that are named; raise RequestArnInvalid."""
    role, provider = request["RoleArn"], request["PrincipalArn"]
    if not _SAML_PROVIDER.fullmatch(provider):
        raise RequestArnInvalid(which="Principal")
    if not _ROLE.fullmatch(role):
        raise RequestArnInvalid(which="Request")
    return role, provider


def session_wishes(request: Shape, *, name: str) -> SessionWishes:
    """Return what is asked of the session."""
    return SessionWishes(
        name=name,
        seconds=request.get("DurationSeconds"),
        policies=(request["Policy"],) if "Policy" in request else (),
        policy_arns=tuple(each["arn"] for each in request.get("PolicyArns", ()) if "arn" in each),
        tags=tuple((tag["Key"], tag["Value"]) for tag in request.get("Tags", ())),
        transitive_tag_keys=tuple(request.get("TransitiveTagKeys", ())),
        source_identity=request.get("SourceIdentity"),
    )


def mfa_proof(request: Shape) -> MfaProof | None:
    """Return the code of an MFA device that was sent, or None."""
    serial_number, code = request.get("SerialNumber"), request.get("TokenCode")
    if serial_number is None and code is None:
        return None
    if serial_number is None or code is None:
        raise TokenCodeMissing
    return MfaProof(serial_number, code)
