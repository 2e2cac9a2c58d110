"""`docs/operations.md`: every operation of the five services, built or not."""

from pathlib import Path

from poolgate.operations.registry import Authentication
from poolgate.wire.services import ServiceDoor, load_services

PAGE = Path(__file__).parents[1] / "docs/operations.md"
FAMILIES = {
    "cognito-idp": "User pools",
    "cognito-identity": "Identity pools",
    "sts": "STS",
    "iam": "IAM",
    "secretsmanager": "Secrets Manager",
}
CALLERS = {
    Authentication.SIGV4: "AWS signature",
    Authentication.ACCESS_TOKEN: "access token",
    Authentication.OPTIONAL_SIGV4: "AWS signature, or nobody in particular",
    Authentication.NONE: "nobody in particular",
}
HEADER = """# Operations

Every operation of the AWS services that Poolgate knows. One that is not built answers
`NotImplementedException` (`NotImplemented` in the Query protocol) with HTTP status 501 and says so.
This page is written by `make gen`.

| family | service | built | of |
| --- | --- | ---: | ---: |
"""


def summary(service: ServiceDoor) -> str:
    """Return the service's row of the first table."""
    built, known = len(service.operations), len(service.model.operations)
    return f"| {FAMILIES[service.name]} | `{service.name}` | {built} | {known} |\n"


def section(service: ServiceDoor) -> str:
    """Return the service's lists."""
    built = "".join(
        f"| {name} | {CALLERS[operation.authentication]} |\n"
        for name, operation in sorted(service.operations.items())
    )
    missing = sorted(service.model.operations.keys() - service.operations.keys())
    table = f"| built | who may call |\n| --- | --- |\n{built}\n" if built else "None is built.\n\n"
    title = f"\n## {FAMILIES[service.name]} (`{service.name}`)\n\n"
    return f"{title}{table}Not built: {', '.join(missing)}.\n"


def files() -> dict[Path, str]:
    """Return the text of the page."""
    services = load_services().values()
    rows = "".join(summary(service) for service in services)
    return {PAGE: HEADER + rows + "".join(section(service) for service in services)}
