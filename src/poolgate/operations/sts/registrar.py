"""The registrar of sts."""

from poolgate.operations.registry import Registrar, any_resource

registrar = Registrar("sts", resource_of=any_resource)
