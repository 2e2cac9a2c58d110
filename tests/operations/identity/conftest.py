import pytest
from kits.identity_chain import make_chain


@pytest.fixture
def chain(poolgate, iam):
    """A chain whose signed-in users may list IAM users."""
    made = make_chain(poolgate, iam)
    made.set_roles({"authenticated": made.role("member")})
    return made
