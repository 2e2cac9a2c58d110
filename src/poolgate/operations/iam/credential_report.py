"""The account's credential report."""

from poolgate.foundation.clock import from_epoch_millis
from poolgate.iam import credential_report
from poolgate.operations.iam.registrar import registrar
from poolgate.operations.registry import Authentication, Shape, any_resource
from poolgate.operations.shapes import iam as shapes
from poolgate.store.call import Call


@registrar.operation(
    "GenerateCredentialReport", authentication=Authentication.SIGV4, resource_of=any_resource
)
def generate_credential_report(
    call: Call, _request: Shape
) -> shapes.GenerateCredentialReportResponse:
    """Make a report where there is none of the last four hours; it is there at once."""
    if credential_report.generate(call):
        return {"State": "STARTED", "Description": "A new report is made."}
    return {"State": "COMPLETE"}


@registrar.operation(
    "GetCredentialReport", authentication=Authentication.SIGV4, resource_of=any_resource
)
def get_credential_report(call: Call, _request: Shape) -> shapes.GetCredentialReportResponse:
    """Return the last report."""
    with call.db.reading() as transaction:
        report = credential_report.get(transaction)
    return {
        "Content": report.content,
        "ReportFormat": "text/csv",
        "GeneratedTime": from_epoch_millis(report.created_at),
    }
