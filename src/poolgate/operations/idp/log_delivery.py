"""Which activity a pool logs: set and shown."""

from collections.abc import Sequence

from poolgate.foundation.ids import PoolId
from poolgate.operations.idp.registrar import registrar
from poolgate.operations.registry import Authentication
from poolgate.operations.shapes.idp import (
    GetLogDeliveryConfigurationRequest,
    GetLogDeliveryConfigurationResponse,
    LogConfigurationType,
    LogDeliveryConfigurationType,
    SetLogDeliveryConfigurationRequest,
    SetLogDeliveryConfigurationResponse,
)
from poolgate.store.call import Call
from poolgate.userpools import log_delivery, pools
from poolgate.userpools.pool_settings import LogConfiguration


@registrar.operation("SetLogDeliveryConfiguration", authentication=Authentication.SIGV4)
def set_log_delivery_configuration(
    call: Call, request: SetLogDeliveryConfigurationRequest
) -> SetLogDeliveryConfigurationResponse:
    """Set which activity the pool logs; an empty list ends it."""
    pool_id = PoolId(request["UserPoolId"])
    configurations = log_delivery.replace(
        call, pool_id, tuple(map(_configuration_of, request["LogConfigurations"]))
    )
    return {"LogDeliveryConfiguration": _delivery_type(pool_id, configurations)}


@registrar.operation("GetLogDeliveryConfiguration", authentication=Authentication.SIGV4)
def get_log_delivery_configuration(
    call: Call, request: GetLogDeliveryConfigurationRequest
) -> GetLogDeliveryConfigurationResponse:
    """Show which activity the pool logs."""
    pool_id = PoolId(request["UserPoolId"])
    with call.db.reading() as transaction:
        configurations = pools.get(transaction, pool_id).log_configurations
    return {"LogDeliveryConfiguration": _delivery_type(pool_id, configurations)}


def _configuration_of(shape: LogConfigurationType) -> LogConfiguration:
    return LogConfiguration(
        source=shape["EventSource"],
        level=shape["LogLevel"],
        log_group_arn=shape.get("CloudWatchLogsConfiguration", {}).get("LogGroupArn"),
        bucket_arn=shape.get("S3Configuration", {}).get("BucketArn"),
        stream_arn=shape.get("FirehoseConfiguration", {}).get("StreamArn"),
    )


def _delivery_type(
    pool_id: PoolId, configurations: Sequence[LogConfiguration]
) -> LogDeliveryConfigurationType:
    return LogDeliveryConfigurationType(
        UserPoolId=pool_id, LogConfigurations=[_configuration_type(each) for each in configurations]
    )


def _configuration_type(configuration: LogConfiguration) -> LogConfigurationType:
    shape = LogConfigurationType(LogLevel=configuration.level, EventSource=configuration.source)
    if configuration.log_group_arn is not None:
        shape["CloudWatchLogsConfiguration"] = {"LogGroupArn": configuration.log_group_arn}
    if configuration.bucket_arn is not None:
        shape["S3Configuration"] = {"BucketArn": configuration.bucket_arn}
    if configuration.stream_arn is not None:
        shape["FirehoseConfiguration"] = {"StreamArn": configuration.stream_arn}
    return shape
