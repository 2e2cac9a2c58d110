"""Simulated decisions, and the context keys that they need."""

from poolgate.foundation.failure import Failure
from poolgate.iam import simulation
from poolgate.iam.inline_policies import NamedDocument
from poolgate.iam.owners import OwnerKind, PolicyOwner
from poolgate.iam.simulation import EVERY_RESOURCE, MatchedStatement, Outcome, Simulation
from poolgate.operations.iam.paging import Paging
from poolgate.operations.iam.registrar import registrar
from poolgate.operations.iam.resources import policy_source_resource
from poolgate.operations.registry import Authentication, Shape, any_resource
from poolgate.operations.shapes import iam as shapes
from poolgate.policy.statement_texts import TextPosition
from poolgate.store.call import Call

_INPUTS = "PolicyInputList"
_BOUNDARIES = "PermissionsBoundaryPolicyInputList"
_NOT_SIMULATED = (
    "PolicyExclusionList",
    "OrderedOrganizationPolicyInputList",
)


class NotSimulated(Failure):
    """A member would change the outcome in a way that is not simulated here. Facts: member."""


class ContextEntryIncomplete(Failure):
    """A context entry names no key."""


@registrar.operation(
    "SimulatePrincipalPolicy",
    authentication=Authentication.SIGV4,
    resource_of=policy_source_resource,
)
def simulate_principal_policy(
    call: Call, request: shapes.SimulatePrincipalPolicyRequest
) -> shapes.SimulatePolicyResponse:
    """Tell what a principal's policies, with others beside them, would decide."""
    _verify_simulated(request)
    inputs = simulation.given_documents(request.get("PolicyInputList", ()), _INPUTS)
    boundaries = simulation.given_documents(
        request.get("PermissionsBoundaryPolicyInputList", ()), _BOUNDARIES
    )
    source_arn = request["PolicySourceArn"]
    with call.db.reading() as transaction:
        source = simulation.source_at(transaction, call.account_id, source_arn)
        granted = simulation.source_policies(transaction, source)
        caller_arn = request.get("CallerArn", source_arn)
        calling = simulation.source_at(transaction, call.account_id, caller_arn)
        caller = simulation.caller_as(transaction, call.account_id, calling)
    _verify_may_have_resource_policy(request, calling)
    simulated = Simulation(
        caller=caller,
        identity=(*granted.identity, *inputs),
        boundary=simulation.only_boundary(boundaries) or granted.boundary,
        context=_context(request),
        resource=_resource_policy(request),
        resource_account=_resource_account(request),
    )
    return _answer(call, request, simulated, f"simulation {source_arn}")


@registrar.operation(
    "SimulateCustomPolicy", authentication=Authentication.SIGV4, resource_of=any_resource
)
def simulate_custom_policy(
    call: Call, request: shapes.SimulateCustomPolicyRequest
) -> shapes.SimulatePolicyResponse:
    """Tell what given policies would decide."""
    _verify_simulated(request)
    boundaries = simulation.given_documents(
        request.get("PermissionsBoundaryPolicyInputList", ()), _BOUNDARIES
    )
    caller, calling = simulation.nobody(call.account_id), None
    if "CallerArn" in request:
        with call.db.reading() as transaction:
            calling = simulation.source_at(transaction, call.account_id, request["CallerArn"])
            caller = simulation.caller_as(transaction, call.account_id, calling)
    _verify_may_have_resource_policy(request, calling)
    simulated = Simulation(
        caller=caller,
        identity=simulation.given_documents(request["PolicyInputList"], _INPUTS),
        boundary=simulation.only_boundary(boundaries),
        context=_context(request),
        resource=_resource_policy(request),
        resource_account=_resource_account(request),
    )
    return _answer(call, request, simulated, "simulation")


@registrar.operation(
    "GetContextKeysForCustomPolicy", authentication=Authentication.SIGV4, resource_of=any_resource
)
def get_context_keys_for_custom_policy(
    _call: Call, request: shapes.GetContextKeysForCustomPolicyRequest
) -> shapes.GetContextKeysForPolicyResponse:
    """Tell the context keys that given policies ask for."""
    inputs = simulation.given_documents(request["PolicyInputList"], _INPUTS)
    return {"ContextKeyNames": list(simulation.context_keys_of(inputs))}


@registrar.operation(
    "GetContextKeysForPrincipalPolicy",
    authentication=Authentication.SIGV4,
    resource_of=policy_source_resource,
)
def get_context_keys_for_principal_policy(
    call: Call, request: shapes.GetContextKeysForPrincipalPolicyRequest
) -> shapes.GetContextKeysForPolicyResponse:
    """Tell the context keys that a principal's policies ask for, with others beside them."""
    inputs = simulation.given_documents(request.get("PolicyInputList", ()), _INPUTS)
    with call.db.reading() as transaction:
        source = simulation.source_at(transaction, call.account_id, request["PolicySourceArn"])
        granted = simulation.source_policies(transaction, source)
    documents = (*granted.identity, *inputs)
    return {"ContextKeyNames": list(simulation.context_keys_of(documents))}


def _verify_simulated(request: Shape) -> None:
    for member in _NOT_SIMULATED:
        if request.get(member):
            raise NotSimulated(member=member)


def _verify_may_have_resource_policy(request: Shape, calling: PolicyOwner | None) -> None:
    """Raise CallerNotNamed where a resource policy is to be about nobody, a group or a role."""
    # AWS API_SimulatePrincipalPolicy: "isn't supported for IAM roles"
    is_user = calling is not None and calling.kind is OwnerKind.USER
    if "ResourcePolicy" in request and not is_user:
        raise simulation.CallerNotNamed


def _resource_policy(request: Shape) -> NamedDocument | None:
    if "ResourcePolicy" not in request:
        return None
    return simulation.given_resource_policy(request["ResourcePolicy"])


def _resource_account(request: Shape) -> str | None:
    if "ResourceOwner" not in request:
        return None
    return simulation.owner_account(request["ResourceOwner"])


def _context(request: Shape) -> dict[str, tuple[str, ...]]:
    context = {}
    for entry in request.get("ContextEntries", ()):
        if "ContextKeyName" not in entry:
            raise ContextEntryIncomplete
        context[entry["ContextKeyName"]] = tuple(entry.get("ContextKeyValues", ()))
    return context


def _answer(
    call: Call, request: Shape, simulated: Simulation, listing: str
) -> shapes.SimulatePolicyResponse:
    resources = request.get("ResourceArns") or [EVERY_RESOURCE]
    asked = simulation.scenarios(request["ActionNames"], resources)
    if "ResourceHandlingOption" in request:
        simulation.verify_resources(request["ResourceHandlingOption"], resources)
    paging = Paging(call, request, listing)
    start = int(paging.after or 0)
    end = start + paging.limit
    return {
        "EvaluationResults": [
            _result_shape(simulated.outcome(scenario)) for scenario in asked[start:end]
        ],
        **paging.truncation(str(end) if end < len(asked) else None),
    }


def _result_shape(outcome: Outcome) -> shapes.EvaluationResult:
    matched = [_statement_shape(each) for each in outcome.matched]
    missing = list(outcome.missing_context_keys)
    resource = outcome.scenario.resource
    shape: shapes.EvaluationResult = {
        "EvalActionName": outcome.scenario.action,
        "EvalResourceName": resource,
        "EvalDecision": outcome.effect,
        "MatchedStatements": matched,
        "MissingContextValues": missing,
        # There is no organisation that could forbid it.
        "OrganizationsDecisionDetail": {"AllowedByOrganizations": True},
        "EvalDecisionDetails": _sides_shape(outcome),
    }
    boundary: shapes.PermissionsBoundaryDecisionDetail | None = None
    if outcome.within_boundary is not None:
        boundary = {"AllowedByPermissionsBoundary": outcome.within_boundary}
        shape["PermissionsBoundaryDecisionDetail"] = boundary
    if resource != EVERY_RESOURCE:
        specific: shapes.ResourceSpecificResult = {
            "EvalResourceName": resource,
            "EvalResourceDecision": outcome.effect,
            "MatchedStatements": matched,
            "MissingContextValues": missing,
        }
        if outcome.sides:
            specific["EvalDecisionDetails"] = _sides_shape(outcome)
        if boundary is not None:
            specific["PermissionsBoundaryDecisionDetail"] = boundary
        # AWS API_EvaluationResult: told of each resource where resources are named.
        shape["MissingContextValues"] = []
        shape["ResourceSpecificResults"] = [specific]
    return shape


def _sides_shape(outcome: Outcome) -> dict[str, str]:
    return {source_type.value: effect.value for source_type, effect in outcome.sides.items()}


def _statement_shape(matched: MatchedStatement) -> shapes.Statement:
    return {
        "SourcePolicyId": matched.policy_name,
        "SourcePolicyType": matched.source_type,
        "StartPosition": _position_shape(matched.text.start),
        "EndPosition": _position_shape(matched.text.end),
    }


def _position_shape(position: TextPosition) -> shapes.Position:
    return {"Line": position.line, "Column": position.column}
