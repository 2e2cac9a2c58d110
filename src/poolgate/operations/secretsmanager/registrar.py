"""The registrar of secretsmanager: the ARNs, keys and policies that decide on its requests."""

from collections.abc import Mapping
from dataclasses import replace

from poolgate.operations.registry import Asked, Registrar, Shape
from poolgate.policy.statements import Policy
from poolgate.secrets import labels, resource_policies, stored_secrets
from poolgate.secrets.stored_secrets import StoredSecret
from poolgate.store.call import Call

_ANY_SUFFIX = "??????"
# Members whose values are condition keys of their names.
_CONDITION_MEMBERS = (
    "Name",
    "Description",
    "KmsKeyId",
    "VersionId",
    "VersionStage",
    "RecoveryWindowInDays",
    "ForceDeleteWithoutRecovery",
    "BlockPublicPolicy",
    "ForceOverwriteReplicaSecret",
    "RotateImmediately",
    "RotationLambdaARN",
)


def asked_of_secret(call: Call, request: Shape) -> Asked:
    """Return what is asked about the secret that the request names, or would make."""
    found = _find_named(call, request)
    context = _request_context(request)
    if found is not None:
        context |= stored_context(found, found.tags or {})
    return Asked(_resource(call, request, found), context, policy_of(found))


def asked_of_value(call: Call, request: Shape) -> Asked:
    """Return what is asked about reading a value: the current version where none is named."""
    asked = asked_of_secret(call, request)
    if "VersionId" in request or "VersionStage" in request:
        return asked
    context = {**asked.context, "secretsmanager:VersionStage": (labels.CURRENT,)}
    return replace(asked, context=context)


def _resource(call: Call, request: Shape, found: StoredSecret | None) -> str:
    if found is not None:
        return found.arn
    if "SecretId" not in request:
        stored_secrets.verify_name(request["Name"])
        return stored_secrets.arn_of_name(call, request["Name"], _ANY_SUFFIX)
    secret_id: str = request["SecretId"]
    # One that is not there is told to callers who might use it, were it there.
    if secret_id.startswith("arn:"):
        return secret_id
    return stored_secrets.arn_of_name(call, secret_id, _ANY_SUFFIX)


def _request_context(request: Shape) -> dict[str, tuple[str, ...]]:
    """Return the service's own condition keys of a request.

    # AWS list_awssecretsmanager
    """
    context = {
        f"secretsmanager:{member}": (_condition_value(request[member]),)
        for member in _CONDITION_MEMBERS
        if member in request
    }
    for tag in request.get("Tags", ()):
        context[f"aws:RequestTag/{tag.get('Key', '')}"] = (tag.get("Value", ""),)
    tag_keys = (
        *(tag.get("Key", "") for tag in request.get("Tags", ())),
        *request.get("TagKeys", ()),
    )
    replicas = tuple(each.get("Region", "") for each in request.get("AddReplicaRegions", ()))
    lists = {"aws:TagKeys": tag_keys, "secretsmanager:AddReplicaRegions": replicas}
    return context | {name: values for name, values in lists.items() if values}


def _condition_value(given: object) -> str:
    if isinstance(given, bool):
        return "true" if given else "false"
    return str(given)


def stored_context(found: StoredSecret, tags: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the condition keys that a secret has by itself, were these its tags."""
    context: dict[str, tuple[str, ...]] = {
        "secretsmanager:SecretId": (found.arn,),
        "secretsmanager:SecretPrimaryRegion": (found.primary_region,),
    }
    for tag_key, value in tags.items():
        context[f"secretsmanager:ResourceTag/{tag_key}"] = (value,)
        context[f"aws:ResourceTag/{tag_key}"] = (value,)
    return context


def policy_of(found: StoredSecret | None) -> Policy | None:
    """Return the compiled resource policy of a secret, or None."""
    if found is None or found.resource_policy is None:
        return None
    return resource_policies.compiled(found.resource_policy)


def _find_named(call: Call, request: Shape) -> StoredSecret | None:
    if "SecretId" not in request:
        return None
    with call.db.reading() as transaction:
        return stored_secrets.find(transaction, call, request["SecretId"])


registrar = Registrar("secretsmanager", asked_of=asked_of_secret)
