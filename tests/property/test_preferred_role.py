from hypothesis import given
from hypothesis import strategies as st

from poolgate.foundation.ids import GroupName, PoolId
from poolgate.userpools.groups import Group
from poolgate.userpools.token_claims import preferred_role

ROLES = st.sampled_from([None, "arn:a", "arn:b", "arn:c"])
PRECEDENCES = st.one_of(st.none(), st.integers(0, 3))


def group(number: int, role_arn: str | None, precedence: int | None) -> Group:
    return Group(
        pool_id=PoolId("us-east-1_x"),
        name=GroupName(f"g{number}"),
        description=None,
        role_arn=role_arn,
        precedence=precedence,
        created_at=0,
        modified_at=0,
    )


def slow_preferred_role(groups: list[Group]) -> str | None:
    """The rule as AWS words it: walk the precedences from the best one, unset ones last."""
    for precedence in [*range(4), None]:
        roles = {g.role_arn for g in groups if g.role_arn and g.precedence == precedence}
        if roles:
            return next(iter(roles)) if len(roles) == 1 else None
    return None


@given(st.lists(st.tuples(ROLES, PRECEDENCES), max_size=8))
def test_rule_agrees_with_its_slow_wording(drawn: list[tuple[str | None, int | None]]) -> None:
    groups = [group(number, *facts) for number, facts in enumerate(drawn)]
    assert preferred_role(groups) == slow_preferred_role(groups)
    assert preferred_role(groups[::-1]) == preferred_role(groups)


def test_zero_is_the_best_precedence_and_none_the_worst() -> None:
    assert preferred_role([group(1, "arn:a", None), group(2, "arn:b", 9)]) == "arn:b"
    assert preferred_role([group(1, "arn:a", 0), group(2, "arn:b", 1)]) == "arn:a"


def test_tie_of_different_roles_prefers_none_and_of_equal_roles_that_one() -> None:
    assert preferred_role([group(1, "arn:a", 1), group(2, "arn:b", 1)]) is None
    assert preferred_role([group(1, "arn:a", 1), group(2, "arn:a", 1)]) == "arn:a"
