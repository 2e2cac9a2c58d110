"""Documents of administrators and other servers: read, or refused by the failure that says so."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kits.images import HARMFUL_SVGS, IMAGES
from kits.provider_server import SLO, SSO, certificate, saml_metadata

from poolgate.saml.metadata import (
    MetadataUnreadable,
    NoRedirectBinding,
    parse_metadata,
    redirect_url,
)
from poolgate.userpools.branding_settings import (
    InvalidSettings,
    default_settings,
    merged,
    verify_settings,
)
from poolgate.userpools.custom_css import CLASSES, CssRefused, verify_css
from poolgate.userpools.images import ImageUnusable, image_type_of

METADATA = saml_metadata().encode()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-1, 1) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)
SETTINGS = st.dictionaries(
    st.sampled_from(["categories", "componentClasses", "components"]),
    st.dictionaries(st.sampled_from(["form", "buttons", "other"]), JSON, max_size=3),
)


def mangled(document: bytes) -> st.SearchStrategy[bytes]:
    """Give the document with a part of it replaced."""
    return st.builds(
        lambda start, length, part: document[:start] + part + document[start + length :],
        st.integers(0, len(document)),
        st.integers(0, 40),
        st.binary(max_size=20) | st.sampled_from([b"<", b"&a;", b"<!DOCTYPE a>", b"]]>", b"\0"]),
    )


def test_metadata_is_read() -> None:
    metadata = parse_metadata(METADATA)
    assert metadata.entity_id == "https://idp.example.com"
    assert (metadata.sso_redirect_url, metadata.slo_redirect_url) == (SSO, SLO)
    assert metadata.signing_certificates == (certificate(),)


@given(mangled(METADATA) | st.binary(max_size=200))
def test_any_metadata_is_read_or_refused(document: bytes) -> None:
    with contextlib.suppress(MetadataUnreadable, NoRedirectBinding):
        assert redirect_url(parse_metadata(document))


def test_metadata_is_bounded() -> None:
    for document in (b"<a>" * 40, b" " * 2_000_000, b"<a>" + b"x" * 2_000_000 + b"</a>"):
        with pytest.raises(MetadataUnreadable):
            parse_metadata(document)


@pytest.mark.parametrize("extension", sorted(IMAGES))
def test_images_are_known_by_their_bytes(extension: str) -> None:
    assert image_type_of(IMAGES[extension]) == extension


@pytest.mark.parametrize("image", HARMFUL_SVGS)
def test_svgs_that_do_something_are_refused(image: bytes) -> None:
    with pytest.raises(ImageUnusable):
        image_type_of(image)


@given(mangled(IMAGES["SVG"]) | st.binary(max_size=200))
def test_any_bytes_are_an_image_or_refused(image: bytes) -> None:
    with contextlib.suppress(ImageUnusable):
        assert image_type_of(image) in IMAGES


@given(st.text() | st.text("./*{};:@<>\\ac-", max_size=60))
def test_css_that_is_taken_names_known_classes_only(css: str) -> None:
    try:
        verify_css(css)
    except CssRefused:
        return
    assert not set("@<>\\") & set(css.split("/*", maxsplit=1)[0])


@given(st.lists(st.sampled_from(sorted(CLASSES)), min_size=1), st.integers(0, 999))
def test_rules_of_known_classes_are_taken(names: list[str], width: int) -> None:
    verify_css(" ".join(f".{name} {{ width: {width}px; }} /* {width} */" for name in names))


@given(SETTINGS, SETTINGS)
def test_merging_settings_twice_is_merging_them_once(
    kept: dict[str, object], given_settings: dict[str, object]
) -> None:
    once = merged(kept, given_settings)
    assert merged(once, given_settings) == once
    assert merged({}, kept) == kept == merged(kept, {})


@given(JSON)
def test_any_settings_are_taken_or_refused(settings: object) -> None:
    try:
        verify_settings(settings)
    except InvalidSettings:
        return
    assert isinstance(settings, dict)
    assert json.dumps(settings)


def test_the_defaults_are_settings() -> None:
    verify_settings(dict(default_settings()))
