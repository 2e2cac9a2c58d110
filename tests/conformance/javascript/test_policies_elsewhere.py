"""Our decisions against those of an evaluator that others wrote: @cloud-copilot/iam-simulate."""

import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from kits.ordinary_policies import CASES, MANY

from poolgate.policy.access import AccessRequest
from poolgate.policy.decisions import Effect, PolicySet, decide
from poolgate.policy.documents import PolicyKind, parse_policy

THEIR_WORDS = {
    "Allowed": Effect.ALLOW,
    "ExplicitlyDenied": Effect.EXPLICIT_DENY,
    "ImplicitlyDenied": Effect.IMPLICIT_DENY,
}


def our_effect(case):
    def one(policy, kind=PolicyKind.IDENTITY):
        return policy and parse_policy(json.dumps(policy), kind=kind)

    policies = PolicySet(
        identity=tuple(map(one, case["identity"])),
        resource=one(case["resource"], PolicyKind.RESOURCE),
        boundary=one(case["boundary"]),
        session=None if case["session"] is None else (one(case["session"]),),
    )
    action, resource = case["request"]
    return decide(
        policies,
        AccessRequest(case["principal"], action, resource, case["context"], case["owner"]),
    ).effect


def as_asked(case):
    action, resource = case["request"]
    return {
        "principal": case["principal"].arn,
        "action": action,
        "resource": resource,
        "owner": case["owner"],
        "context": {
            key: list(values) if key == MANY else values[0]
            for key, values in case["context"].items()
        },
        "identity": case["identity"],
        "session": case["session"],
        "boundary": case["boundary"],
        "resourcePolicy": case["resource"],
    }


def drawn_cases(count):
    """Return the same cases at every run; a process for each would take hours."""
    cases = []

    @settings(
        max_examples=count,
        database=None,
        derandomize=True,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=CASES)
    def gather(case):
        cases.append(case)

    gather()
    return cases


@pytest.mark.documented("reference_policies_evaluation-logic", "as another reader understands it")
def test_another_evaluator_decides_alike(javascript):
    cases = drawn_cases(600)
    asked = [as_asked(case) for case in cases]
    answers = javascript("policies.mjs", standard_input=json.dumps(asked))
    theirs = [THEIR_WORDS[answer] for answer in answers]
    ours = [our_effect(case) for case in cases]
    # Across accounts a refusal is a refusal: theirs does not tell which side it was.
    differing = [
        (mine, other, question)
        for mine, other, question, case in zip(ours, theirs, asked, cases, strict=True)
        if mine is not other
        and (case["owner"] == case["principal"].account_id or Effect.ALLOW in {mine, other})
    ]
    assert differing == []
    assert min(ours.count(effect) for effect in Effect) > 50
