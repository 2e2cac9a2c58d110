"""Images that administrators give for login pages: what they are is read from their bytes.

They are served from the login pages' own origin, so a file that says it is an image and is
something else is refused, and so is an SVG that could run anything.
"""

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from xml.parsers import expat

from poolgate.foundation.failure import Failure

_SVG = "http://www.w3.org/2000/svg"
_XLINK_HREF = "http://www.w3.org/1999/xlink href"
_DEEPEST = 64
_FORBIDDEN_ELEMENTS = frozenset({"script", "foreignobject", "iframe", "handler", "set", "animate"})


class ImageType(StrEnum):
    """The kinds of images, as the extensions of managed login's assets."""

    PNG = "PNG"
    JPEG = "JPEG"
    ICO = "ICO"
    SVG = "SVG"
    WEBP = "WEBP"


MEDIA_TYPES: Mapping[ImageType, str] = {
    ImageType.PNG: "image/png",
    ImageType.JPEG: "image/jpeg",
    ImageType.ICO: "image/x-icon",
    ImageType.SVG: "image/svg+xml",
    ImageType.WEBP: "image/webp",
}
EXTENSIONS: Mapping[ImageType, str] = {
    ImageType.PNG: "png",
    ImageType.JPEG: "jpg",
    ImageType.ICO: "ico",
    ImageType.SVG: "svg",
    ImageType.WEBP: "webp",
}
_SIGNATURES: tuple[tuple[bytes, ImageType], ...] = (
    (b"\x89PNG\r\n\x1a\n", ImageType.PNG),
    (b"\xff\xd8\xff", ImageType.JPEG),
    (b"\x00\x00\x01\x00", ImageType.ICO),
)


class ImageUnusable(Failure):
    """The bytes are no image of a known kind, or one that could do more than be looked at."""


def image_name(image: bytes, image_type: ImageType) -> str:
    """Return the name that the image is served under; other bytes have another name."""
    return f"{hashlib.sha256(image).hexdigest()[:32]}.{EXTENSIONS[image_type]}"


def image_type_of(image: bytes) -> ImageType:
    """Return what kind of image the bytes are; raise ImageUnusable."""
    for signature, image_type in _SIGNATURES:
        if image.startswith(signature):
            return image_type
    if image[:4] == b"RIFF" and image[8:12] == b"WEBP":
        return ImageType.WEBP
    _verify_svg(image)
    return ImageType.SVG


def _verify_svg(image: bytes) -> None:
    """Raise ImageUnusable unless the bytes are an SVG without scripts and outside references."""
    depth = 0

    def begin(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal depth
        namespace, _, element = name.rpartition(" ")
        if depth == 0 and (namespace, element) != (_SVG, "svg"):
            raise ImageUnusable
        depth += 1
        if depth > _DEEPEST or element.lower() in _FORBIDDEN_ELEMENTS:
            raise ImageUnusable
        if not all(_is_harmless(*attribute) for attribute in attributes.items()):
            raise ImageUnusable

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.ProcessingInstructionHandler = _refuse
    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    try:
        parser.Parse(image, True)  # noqa: FBT003 - expat's own signature: this is the last part
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise ImageUnusable from error


def _is_harmless(name: str, value: str) -> bool:
    if name.lower().startswith("on"):
        return False
    if name in {"href", _XLINK_HREF}:
        return value.startswith("#")
    return "javascript:" not in value.lower()


def _refuse(*_declaration: object) -> None:
    raise ImageUnusable
