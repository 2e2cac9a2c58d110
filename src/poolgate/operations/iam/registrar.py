"""The registrar of iam."""

from poolgate.operations.iam.resources import named_user_resource, policy_context
from poolgate.operations.registry import Registrar

registrar = Registrar("iam", resource_of=named_user_resource, context_of=policy_context)
