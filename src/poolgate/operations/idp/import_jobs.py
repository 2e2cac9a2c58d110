"""User import jobs: the header of their CSV files, create, describe, list, start, stop."""

from poolgate.credentials.import_hashes import HashAlgorithm
from poolgate.foundation.clock import from_epoch_millis
from poolgate.foundation.ids import PoolId
from poolgate.operations.idp.paging import page_token_of, position_of
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    CreateUserImportJobRequest,
    CreateUserImportJobResponse,
    DescribeUserImportJobRequest,
    DescribeUserImportJobResponse,
    GetCSVHeaderRequest,
    GetCSVHeaderResponse,
    ListUserImportJobsRequest,
    ListUserImportJobsResponse,
    StartUserImportJobRequest,
    StartUserImportJobResponse,
    StopUserImportJobRequest,
    StopUserImportJobResponse,
    UserImportJobType,
)
from poolgate.store.call import Call
from poolgate.userpools import import_jobs, pools
from poolgate.userpools.import_csv import csv_header
from poolgate.userpools.import_files import upload_url
from poolgate.userpools.import_jobs import ImportJob


@registrar.operation("GetCSVHeader", authentication=Authentication.SIGV4)
def get_csv_header(call: Call, request: GetCSVHeaderRequest) -> GetCSVHeaderResponse:
    """Show the columns of a CSV file of users for the pool."""
    pool_id = PoolId(request["UserPoolId"])
    with call.db.reading() as transaction:
        pool = pools.get(transaction, pool_id)
    return {"UserPoolId": pool_id, "CSVHeader": list(csv_header(pool))}


@registrar.operation("CreateUserImportJob", authentication=Authentication.SIGV4)
def create_user_import_job(
    call: Call, request: CreateUserImportJobRequest
) -> CreateUserImportJobResponse:
    """Make a job and the URL that takes its file."""
    algorithm = request.get("PasswordHashingAlgorithm")
    job = import_jobs.create(
        call,
        PoolId(request["UserPoolId"]),
        request["JobName"],
        role_arn=request["CloudWatchLogsRoleArn"],
        hash_algorithm=None if algorithm is None else HashAlgorithm(algorithm),
    )
    return {"UserImportJob": _shape(call, job)}


@registrar.operation("DescribeUserImportJob", authentication=Authentication.SIGV4)
def describe_user_import_job(
    call: Call, request: DescribeUserImportJobRequest
) -> DescribeUserImportJobResponse:
    """Show a job and how far it has come."""
    with call.db.reading() as transaction:
        job = import_jobs.get(transaction, call, PoolId(request["UserPoolId"]), request["JobId"])
    return {"UserImportJob": _shape(call, job)}


@registrar.operation("ListUserImportJobs", authentication=Authentication.SIGV4)
def list_user_import_jobs(
    call: Call, request: ListUserImportJobsRequest
) -> ListUserImportJobsResponse:
    """List a pool's jobs, the last created first."""
    pool_id = PoolId(request["UserPoolId"])
    listing = f"ListUserImportJobs:{pool_id}"
    after = position_of(call, listing, request.get("PaginationToken"))
    page = import_jobs.list_jobs(call, pool_id, after=after, limit=request["MaxResults"])
    response = ListUserImportJobsResponse(UserImportJobs=[_shape(call, job) for job in page.rows])
    if page.next_position is not None:
        response["PaginationToken"] = page_token_of(call, listing, page.next_position)
    return response


@registrar.operation("StartUserImportJob", authentication=Authentication.SIGV4)
def start_user_import_job(
    call: Call, request: StartUserImportJobRequest
) -> StartUserImportJobResponse:
    """Have a job's file imported."""
    job = import_jobs.start(call, PoolId(request["UserPoolId"]), request["JobId"])
    return {"UserImportJob": _shape(call, job)}


@registrar.operation("StopUserImportJob", authentication=Authentication.SIGV4)
def stop_user_import_job(
    call: Call, request: StopUserImportJobRequest
) -> StopUserImportJobResponse:
    """End a job that is under way."""
    job = import_jobs.stop(call, PoolId(request["UserPoolId"]), request["JobId"])
    return {"UserImportJob": _shape(call, job)}


def _shape(call: Call, job: ImportJob) -> UserImportJobType:
    shape = UserImportJobType(
        JobName=job.name,
        JobId=job.job_id,
        UserPoolId=job.pool_id,
        PreSignedUrl=upload_url(call, job),
        CreationDate=from_epoch_millis(job.created_at),
        Status=job.status,
        CloudWatchLogsRoleArn=job.role_arn,
        ImportedUsers=job.imported_users,
        SkippedUsers=job.skipped_users,
        FailedUsers=job.failed_users,
    )
    if job.started_at is not None:
        shape["StartDate"] = from_epoch_millis(job.started_at)
    if job.completed_at is not None:
        shape["CompletionDate"] = from_epoch_millis(job.completed_at)
    if job.completion_message is not None:
        shape["CompletionMessage"] = job.completion_message
    if job.hash_algorithm is not None:
        shape["PasswordHashingAlgorithm"] = job.hash_algorithm
    return shape
