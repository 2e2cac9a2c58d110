"""Logos and other images of the login pages, which anybody may look at."""

from collections.abc import Mapping

from poolgate.foundation.ids import PoolId
from poolgate.store.call import Call
from poolgate.userpools import managed_login_branding, ui_customizations
from poolgate.userpools.images import EXTENSIONS, MEDIA_TYPES

DIRECTORY = "images"
_MOST_PATH_CHARACTERS = 300
_MEDIA_TYPES: Mapping[str, str] = {
    extension: MEDIA_TYPES[image_type] for image_type, extension in EXTENSIONS.items()
}


class Image:
    """An image with the headers it is served with; other bytes have another name."""

    def __init__(self, body: bytes, media_type: str) -> None:
        self.body = body
        self.headers: Mapping[str, str] = {
            "content-type": media_type,
            "cache-control": "public, max-age=31536000, immutable",
            # An SVG that is opened by itself is a document of this server's origin.
            "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
            "x-content-type-options": "nosniff",
        }


def find_image(call: Call, path: str) -> Image | None:
    """Return the image at `/images/{pool_id}/{client_id}/{name}`, or None for any other path."""
    if len(path) > _MOST_PATH_CHARACTERS:
        return None
    match path.split("/"):
        case ["", directory, pool_id, client_id, name] if directory == DIRECTORY:
            media_type = _MEDIA_TYPES.get(name.rpartition(".")[2])
            if media_type is None:
                return None
            of_client = PoolId(pool_id), client_id, name
            with call.db.reading() as transaction:
                found = ui_customizations.find_image(
                    transaction, *of_client
                ) or managed_login_branding.find_image(transaction, *of_client)
            return None if found is None else Image(found, media_type)
        case _:
            return None
