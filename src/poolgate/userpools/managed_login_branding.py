"""Managed login branding: the style of an app client's login pages, and its image files.

A style is changed piece by piece, since a request holds two megabytes: settings are merged into
those there are, an image replaces the one of the same category, colour mode and resource.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa

from poolgate.foundation.failure import Failure
from poolgate.foundation.ids import ClientId, PoolId
from poolgate.foundation.randomness import random_uuid
from poolgate.store.call import Call
from poolgate.store.database import InsertIfAbsent, Put, Transaction
from poolgate.userpools import app_clients, pools
from poolgate.userpools.branding_settings import default_settings, merged, verify_settings
from poolgate.userpools.images import ImageType, ImageUnusable, image_name, image_type_of
from poolgate.userpools.tables import branding_assets, managed_login_brandings

MAX_ASSETS = 40
_FAVICONS: Mapping[str, ImageType] = {"FAVICON_ICO": ImageType.ICO, "FAVICON_SVG": ImageType.SVG}


class BrandingNotFound(Failure):
    """The pool has no such style, or the app client has none."""


class BrandingExists(Failure):
    """The app client already has a style."""


class InvalidBranding(Failure):
    """Parts of a style that do not go together. Facts: fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One image file; without bytes it means the one that is there."""

    category: str
    color_mode: str
    extension: str
    resource_id: str = ""
    image: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Branding:
    """One style; `settings` are those that were set, None where none were."""

    branding_id: str
    pool_id: PoolId
    client_id: ClientId
    uses_defaults: bool
    settings: Mapping[str, Any] | None
    assets: tuple[Asset, ...]
    created_at: int
    modified_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """What a request gives; None leaves each as it is."""

    uses_defaults: bool | None = None
    settings: Any = None
    assets: Sequence[Asset] | None = None


@dataclass(frozen=True, slots=True)
class ShownStyle:
    """What a page needs of a style; the images by category and colour mode, as they are named."""

    settings: Mapping[str, Any]
    image_names: Mapping[tuple[str, str], str]


_table = managed_login_brandings
_OF_POOL = _table.c.pool_id == sa.bindparam("pool_id")
_GET = sa.select(_table).where(_OF_POOL, _table.c.branding_id == sa.bindparam("branding_id"))
_OF_CLIENT = sa.select(_table).where(_OF_POOL, _table.c.client_id == sa.bindparam("client_id"))
_INSERT = InsertIfAbsent(_table)
_UPDATE = (
    sa.update(_table)
    .where(_table.c.branding_id == sa.bindparam("changed_branding_id"))
    .values({name: sa.bindparam(name) for name in ("uses_defaults", "settings", "modified_at")})
)
_DELETE = sa.delete(_table).where(_OF_POOL, _table.c.branding_id == sa.bindparam("branding_id"))
_ASSETS = (
    sa.select(branding_assets)
    .where(branding_assets.c.branding_id == sa.bindparam("branding_id"))
    .order_by(
        branding_assets.c.category, branding_assets.c.color_mode, branding_assets.c.resource_id
    )
)
_IMAGE_NAMES = sa.select(
    branding_assets.c.category, branding_assets.c.color_mode, branding_assets.c.image_name
).where(branding_assets.c.branding_id == sa.bindparam("branding_id"))
_IMAGE = (
    sa.select(branding_assets.c.image)
    .join(_table, _table.c.branding_id == branding_assets.c.branding_id)
    .where(
        _OF_POOL,
        _table.c.client_id == sa.bindparam("client_id"),
        branding_assets.c.image_name == sa.bindparam("image_name"),
    )
)
_PUT_ASSET = Put(branding_assets)
_DROP_ASSETS = sa.delete(branding_assets).where(
    branding_assets.c.branding_id == sa.bindparam("branding_id")
)


def get(transaction: Transaction, pool_id: PoolId, branding_id: str) -> Branding:
    """Return the style; raise UserPoolNotFound or BrandingNotFound."""
    pools.get(transaction, pool_id)
    asked = {"pool_id": pool_id, "branding_id": branding_id}
    return _branding(transaction, transaction.one(_GET, asked))


def get_of_client(transaction: Transaction, pool_id: PoolId, client_id: ClientId) -> Branding:
    """Return the app client's style; raise what is missing."""
    pools.get(transaction, pool_id)
    app_clients.get(transaction, client_id, pool_id)
    asked = {"pool_id": pool_id, "client_id": client_id}
    return _branding(transaction, transaction.one(_OF_CLIENT, asked))


def find_shown(transaction: Transaction, pool_id: PoolId, client_id: ClientId) -> ShownStyle | None:
    """Return the app client's style as pages show it, with the defaults, or None."""
    row = transaction.one(_OF_CLIENT, {"pool_id": pool_id, "client_id": client_id})
    if row is None:
        return None
    own = {} if row.settings is None else msgspec.json.decode(row.settings)
    names = {
        (asset.category, asset.color_mode): asset.image_name
        for asset in transaction.rows(_IMAGE_NAMES, {"branding_id": row.branding_id})
    }
    return ShownStyle(merged(default_settings(), own), names)


def find_image(
    transaction: Transaction, pool_id: PoolId, client_id: str, name: str
) -> bytes | None:
    """Return the image that has this name in the app client's style now, or None."""
    asked = {"pool_id": pool_id, "client_id": client_id, "image_name": name}
    row = transaction.one(_IMAGE, asked)
    return None if row is None else bytes(row.image)


def create(call: Call, pool_id: PoolId, client_id: ClientId, style: Style) -> Branding:
    """Make the app client's style; of two concurrent creators one gets BrandingExists."""
    _verify(style)
    branding_id = random_uuid()
    row = {
        "branding_id": branding_id,
        "pool_id": pool_id,
        "client_id": client_id,
        "uses_defaults": style.uses_defaults is True,
        "settings": None if style.settings is None else msgspec.json.encode(style.settings),
        "created_at": call.now_millis,
        "modified_at": call.now_millis,
    }
    with call.db.writing() as transaction:
        pools.get(transaction, pool_id)
        app_clients.get(transaction, client_id, pool_id)
        if not transaction.insert_if_absent(_INSERT, row):
            raise BrandingExists
        _store_assets(transaction, branding_id, style.assets or ())
        return get(transaction, pool_id, branding_id)


def update(call: Call, pool_id: PoolId, branding_id: str, style: Style) -> Branding:
    """Change the style; falling back to the defaults forgets its settings and images."""
    _verify(style)
    with call.db.writing() as transaction:
        former = get(transaction, pool_id, branding_id)
        settings, uses_defaults = former.settings, former.uses_defaults
        if style.uses_defaults:
            settings, uses_defaults = None, True
            transaction.run(_DROP_ASSETS, {"branding_id": branding_id})
        elif style.settings is not None or style.assets is not None or style.uses_defaults is False:
            uses_defaults = False
        if style.settings is not None:
            settings = merged(settings or {}, style.settings)
            verify_settings(settings)
        _store_assets(transaction, branding_id, style.assets or ())
        transaction.run(
            _UPDATE,
            {
                "changed_branding_id": branding_id,
                "uses_defaults": uses_defaults,
                "settings": None if settings is None else msgspec.json.encode(settings),
                "modified_at": call.now_millis,
            },
        )
        return get(transaction, pool_id, branding_id)


def delete(call: Call, pool_id: PoolId, branding_id: str) -> None:
    """Remove the style; raise BrandingNotFound."""
    with call.db.writing() as transaction:
        pools.get(transaction, pool_id)
        if not transaction.run(_DELETE, {"pool_id": pool_id, "branding_id": branding_id}):
            raise BrandingNotFound


def _verify(style: Style) -> None:
    if style.uses_defaults and (style.settings is not None or style.assets):
        # AWS UseCognitoProvidedValues: "you must also omit values for Settings and Assets".
        raise InvalidBranding(
            fault="Settings and Assets must not be given when UseCognitoProvidedValues is true."
        )
    if style.settings is not None:
        verify_settings(style.settings)
    for asset in style.assets or ():
        _verify_asset(asset)


def _verify_asset(asset: Asset) -> None:
    wanted = _FAVICONS.get(asset.category)
    if (wanted or asset.extension) != asset.extension or (
        asset.extension == ImageType.ICO and wanted is not ImageType.ICO
    ):
        raise InvalidBranding(
            fault=f"An asset of category {asset.category} cannot be of type {asset.extension}."
        )
    if asset.image is None:
        return
    try:
        found = image_type_of(asset.image)
    except ImageUnusable:
        found = None
    if found != asset.extension:
        raise InvalidBranding(
            fault=f"Bytes of asset {asset.category} are not a usable {asset.extension} image."
        )


def _store_assets(transaction: Transaction, branding_id: str, assets: Sequence[Asset]) -> None:
    if not assets:
        return
    kept = {_key(asset): asset for asset in _assets(transaction, branding_id)}
    for asset in assets:
        image = asset.image
        if image is None:
            before = kept.get(_key(asset))
            if before is None or before.extension != asset.extension:
                raise InvalidBranding(fault=f"Bytes of asset {asset.category} are required.")
            image = before.image or b""
        row = {
            "branding_id": branding_id,
            "category": asset.category,
            "color_mode": asset.color_mode,
            "resource_id": asset.resource_id,
            "extension": asset.extension,
            "image_name": image_name(image, ImageType(asset.extension)),
            "image": image,
        }
        transaction.put(_PUT_ASSET, row)
        kept[_key(asset)] = asset
    if len(kept) > MAX_ASSETS:
        raise InvalidBranding(fault=f"A style can have at most {MAX_ASSETS} assets.")


def _key(asset: Asset) -> tuple[str, str, str]:
    return asset.category, asset.color_mode, asset.resource_id


def _assets(transaction: Transaction, branding_id: str) -> tuple[Asset, ...]:
    return tuple(
        Asset(
            category=row.category,
            color_mode=row.color_mode,
            extension=row.extension,
            resource_id=row.resource_id,
            image=bytes(row.image),
        )
        for row in transaction.rows(_ASSETS, {"branding_id": branding_id})
    )


def _branding(transaction: Transaction, row: Any) -> Branding:  # noqa: ANN401 - a row of managed_login_brandings, or None
    if row is None:
        raise BrandingNotFound
    return Branding(
        branding_id=row.branding_id,
        pool_id=row.pool_id,
        client_id=row.client_id,
        uses_defaults=row.uses_defaults,
        settings=None if row.settings is None else msgspec.json.decode(row.settings),
        assets=_assets(transaction, row.branding_id),
        created_at=row.created_at,
        modified_at=row.modified_at,
    )
