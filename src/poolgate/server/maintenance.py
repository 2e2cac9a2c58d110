"""What an operator does to the data from the command line, beside a running server or without."""

from poolgate.foundation.ids import PoolId
from poolgate.foundation.randomness import random_uuid
from poolgate.server.data_directory import DataDirectory, DataDirectoryUnusable
from poolgate.server.serving import StartRefused, open_installation
from poolgate.server.settings import Settings
from poolgate.userpools import signing_keys


class MaintenanceRefused(Exception):
    """It was not done; the text is for the operator."""


def rotate_signing_keys(settings: Settings, pool_id: str, published_ahead_seconds: int) -> None:
    """Publish new signing keys for a pool; raise MaintenanceRefused."""
    directory = DataDirectory(settings.data)
    if not settings.data.is_dir():
        raise MaintenanceRefused(f"{settings.data} is no data folder")
    if published_ahead_seconds < 0:
        raise MaintenanceRefused("keys cannot be published after their first use")
    try:
        installation = open_installation(settings, directory, public_url="")
    except (StartRefused, DataDirectoryUnusable) as refused:
        raise MaintenanceRefused(str(refused)) from refused
    try:
        call = installation.new_call(request_id=random_uuid(), source_address="")
        signing_keys.rotate(call, PoolId(pool_id), published_ahead_seconds=published_ahead_seconds)
    except signing_keys.SigningKeysMissing as missing:
        raise MaintenanceRefused(f"there is no pool {pool_id}") from missing
    finally:
        installation.db.close()
