"""How the classic login pages look: CSS and a logo, for one app client or for all others."""

import base64
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId, PoolId
from poolgate.store.call import Call
from poolgate.store.database import Put, Transaction
from poolgate.userpools import app_clients, domains, pools
from poolgate.userpools.custom_css import verify_css
from poolgate.userpools.images import ImageType, ImageUnusable, image_name, image_type_of
from poolgate.userpools.tables import ui_customizations

ALL_CLIENTS = "ALL"
# AWS "Customizing hosted UI (classic) branding": the logo, and the request as a whole.
MAX_IMAGE_BYTES = 100 * 1024
MAX_REQUEST_BYTES = 135 * 1024
_LOGO_TYPES = frozenset({ImageType.PNG, ImageType.JPEG})


class DomainMissing(Failure):
    """The pool has no domain whose pages could be customized."""


class LogoRefused(Failure):
    """The logo is not a PNG or JPEG image of at most 100 KB."""


class CustomizationTooLarge(Failure):
    """CSS and logo are larger together than they may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UiCustomization:
    """What was set; the image is served under `image_name`, which is another for other bytes."""

    pool_id: PoolId
    client_id: str
    css: str | None
    css_version: str
    image_name: str | None
    created_at: int
    modified_at: int


_OF_CLIENT = sa.and_(
    ui_customizations.c.pool_id == sa.bindparam("pool_id"),
    ui_customizations.c.client_id == sa.bindparam("client_id"),
)
_GET = sa.select(*(column for column in ui_customizations.c if column.name != "image")).where(
    _OF_CLIENT
)
_GET_IMAGE = sa.select(ui_customizations.c.image).where(
    _OF_CLIENT, ui_customizations.c.image_name == sa.bindparam("image_name")
)
_PUT = Put(ui_customizations)
_DELETE = sa.delete(ui_customizations).where(_OF_CLIENT)


def find(transaction: Transaction, pool_id: PoolId, client_id: str) -> UiCustomization | None:
    """Return what is set for the client, else for all clients, else None."""
    for of_client in dict.fromkeys((client_id, ALL_CLIENTS)):
        row = transaction.one(_GET, {"pool_id": pool_id, "client_id": of_client})
        if row is not None:
            return _customization(row)
    return None


def verify_client(transaction: Transaction, pool_id: PoolId, client_id: str) -> None:
    """Raise UserPoolNotFound or AppClientNotFound unless this can be customized."""
    pools.get(transaction, pool_id)
    if client_id != ALL_CLIENTS:
        app_clients.get(transaction, ClientId(client_id), pool_id)


def find_image(
    transaction: Transaction, pool_id: PoolId, client_id: str, name: str
) -> bytes | None:
    """Return the logo that has this name now, or None."""
    asked = {"pool_id": pool_id, "client_id": client_id, "image_name": name}
    row = transaction.one(_GET_IMAGE, asked)
    return None if row is None else bytes(row.image)


def put(
    call: Call, pool_id: PoolId, client_id: str, *, css: str | None, image: bytes | None
) -> UiCustomization | None:
    """Set CSS and logo together, replacing both; without either there is nothing set any more."""
    logo_name = _logo_name(image) if image else None
    if len((css or "").encode()) + len(base64.b64encode(image or b"")) > MAX_REQUEST_BYTES:
        raise CustomizationTooLarge
    if css:
        verify_css(css)
    with call.db.writing() as transaction:
        verify_client(transaction, pool_id, client_id)
        if not domains.of_pool(transaction, pool_id):
            raise DomainMissing
        if not css and not image:
            transaction.run(_DELETE, {"pool_id": pool_id, "client_id": client_id})
            return None
        former = transaction.one(_GET, {"pool_id": pool_id, "client_id": client_id})
        row = {
            "pool_id": pool_id,
            "client_id": client_id,
            "css": css or None,
            "css_version": call.now.strftime("%Y%m%d%H%M%S"),
            "image": image or None,
            "image_name": logo_name,
            "created_at": call.now_millis if former is None else former.created_at,
            "modified_at": call.now_millis,
        }
        transaction.put(_PUT, row)
        return _customization(transaction.one(_GET, {"pool_id": pool_id, "client_id": client_id}))


def _logo_name(image: bytes) -> str:
    try:
        image_type = image_type_of(image)
    except ImageUnusable as unusable:
        raise LogoRefused from unusable
    if image_type not in _LOGO_TYPES or len(image) > MAX_IMAGE_BYTES:
        raise LogoRefused
    return image_name(image, image_type)


def _customization(row: Any) -> UiCustomization:  # noqa: ANN401 - a row of ui_customizations
    return UiCustomization(
        pool_id=row.pool_id,
        client_id=row.client_id,
        css=row.css,
        css_version=row.css_version,
        image_name=row.image_name,
        created_at=row.created_at,
        modified_at=row.modified_at,
    )
