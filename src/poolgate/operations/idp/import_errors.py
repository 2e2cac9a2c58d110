"""How user import jobs are refused, and how their log words what is wrong with a line."""

from collections.abc import Mapping

from poolgate.credentials.foreign_hashes import ForeignHashUnreadable
from poolgate.foundation.failure import Failure
from poolgate.operations.errors import AwsError, ErrorTable
from poolgate.userpools import import_csv, import_jobs, import_rows, import_worker, usernames

_PRECONDITION = "PreconditionNotMetException"

IMPORT_ERRORS: Mapping[type[Failure], AwsError] = {
    import_jobs.ImportJobNotFound: AwsError(
        "ResourceNotFoundException", "User import job {job_id} does not exist."
    ),
    import_jobs.TooManyImportJobs: AwsError(
        "LimitExceededException", "Maximum number of user import jobs exceeded."
    ),
    import_jobs.NothingUploaded: AwsError(_PRECONDITION, "No csv file was uploaded for {job_id}"),
    import_jobs.NothingAutoVerified: AwsError(
        _PRECONDITION, "The user pool does not have any auto verified attributes."
    ),
    import_jobs.JobNotStartable: AwsError(
        _PRECONDITION, "A user import job with status {status} cannot be started."
    ),
    import_jobs.JobNotStoppable: AwsError(
        _PRECONDITION, "A user import job with status {status} cannot be stopped."
    ),
    import_jobs.AnotherJobActive: AwsError(
        _PRECONDITION, "Another user import job of this account is in progress."
    ),
}

# The words of a job's log, which has no codes and quotes nothing of the file.
LINE_FAULTS: ErrorTable = {
    import_csv.RowMalformed: AwsError("", "{reason}"),
    import_rows.UsernameMissing: AwsError("", "The cognito:username is missing."),
    # AWS Developer Guide, "Viewing the results".
    import_rows.NothingVerified: AwsError(
        "",
        "The User Record does not set any of the auto verified attributes to true. "
        "(Example: email_verified to true).",
    ),
    import_rows.VerifiedWithoutValue: AwsError(
        "", "The {attribute} is said to be verified, but has no value."
    ),
    import_rows.ImportedBirthdateMalformed: AwsError(
        "", "The birthdate is not in the format mm/dd/yyyy."
    ),
    import_rows.AliasTooLong: AwsError("", "The {attribute} is too long to sign in with."),
    import_rows.MfaFlagMalformed: AwsError(
        "", "The value of cognito:mfa_enabled is neither true nor false nor blank."
    ),
    import_rows.MfaFlagAgainstPool: AwsError(
        "", "The value of cognito:mfa_enabled does not fit the MFA mode of the pool, {mode}."
    ),
    import_rows.MfaWithoutFactor: AwsError(
        "", "The user has no email or phone_number that a second factor of the pool could use."
    ),
    import_rows.HashNotExpected: AwsError(
        "", "There is a password_hash, but the job has no PasswordHashingAlgorithm."
    ),
    import_worker.RowDefective: AwsError("", "The user could not be imported: internal error."),
    usernames.UsernameMalformed: AwsError("", "The cognito:username cannot be a username."),
    ForeignHashUnreadable: AwsError("", "{reason}"),
}
