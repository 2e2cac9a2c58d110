"""XML of strangers: read without document types, canonicalised as libxml2 does it."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from poolgate.saml.canonical_xml import canonical
from poolgate.saml.xml_documents import Element, Name, XmlRefused, parse_document

BOMB = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
# Of two names one is any prefix's, one an attribute's and an element's at the same time.
NAMES = st.sampled_from(["a", "b", "p:a", "q:a", "q:b"])
TEXTS = st.text(st.sampled_from("ab \t\n\r<>&'\"]é😀"), max_size=8)


def read(document: str | bytes) -> Element:
    raw = document.encode() if isinstance(document, str) else document
    return parse_document(raw, most_bytes=100_000)


def escaped(text: str) -> str:
    return "".join(
        f"&#{ord(character)};" if character in "<>&\"'\t\n\r" else character for character in text
    )


@st.composite
def elements(draw: st.DrawFn, depth: int = 0) -> str:
    """Give an element with prefixes declared here and there, all of which have a meaning."""
    name = draw(NAMES)
    declared = draw(
        st.dictionaries(
            st.sampled_from(["xmlns", "xmlns:p", "xmlns:q", "xmlns:unused"]),
            st.sampled_from(["urn:1", "urn:2", "urn:3"]),
            max_size=3,
        )
    )
    if depth == 0:
        declared = {"xmlns:p": "urn:p", "xmlns:q": "urn:q", **declared}
    if draw(st.booleans()) and depth:
        declared["xmlns"] = ""
    attributes = draw(
        st.dictionaries(st.sampled_from(["a", "b", "p:a", "q:b", "xml:lang"]), TEXTS, max_size=3)
    )
    written = "".join(
        f' {attribute}="{escaped(value)}"'
        for attribute, value in {**attributes, **declared}.items()
    )
    parts = draw(
        st.lists(
            TEXTS.map(escaped)
            | st.just("<!-- comment -->")
            | TEXTS.filter(lambda text: "]" not in text and "\r" not in text).map(
                lambda text: f"<![CDATA[{text}]]>"
            ),
            max_size=3,
        )
    )
    below = draw(st.lists(elements(depth + 1), max_size=2)) if depth < 3 else []
    return f"<{name}{written}>{''.join(parts)}{''.join(below)}{''.join(parts[:1])}</{name}>"


@settings(deadline=None)
@given(elements(), st.lists(st.sampled_from(["p", "q", "unused"]), unique=True))
def test_canonical_octets_are_those_of_libxml2(document: str, prefixes: list[str]) -> None:
    expected = etree.tostring(
        etree.fromstring(document.encode()),
        method="c14n",
        exclusive=True,
        with_comments=False,
        inclusive_ns_prefixes=prefixes or None,
    )
    assert canonical(read(document), inclusive_prefixes=prefixes) == expected


def test_a_listed_default_namespace_is_rendered_where_it_changes() -> None:
    document = '<p:a xmlns="urn:1" xmlns:p="urn:2"><p:b xmlns=""><p:c/></p:b></p:a>'
    assert canonical(read(document), inclusive_prefixes=["#default"]) == (
        b'<p:a xmlns="urn:1" xmlns:p="urn:2"><p:b xmlns=""><p:c></p:c></p:b></p:a>'
    )
    assert canonical(read(document)) == b'<p:a xmlns:p="urn:2"><p:b><p:c></p:c></p:b></p:a>'


@settings(deadline=None)
@given(elements())
def test_a_part_is_canonical_as_in_libxml2(document: str) -> None:
    theirs = list(etree.fromstring(document.encode()).iter(etree.Element))
    for ours, their in zip(read(document).walk(), theirs, strict=True):
        expected = etree.tostring(
            their, method="c14n", exclusive=True, with_comments=False, with_tail=False
        )
        assert canonical(ours) == expected


@settings(deadline=None)
@given(elements())
def test_canonical_octets_are_read_as_the_same_element(document: str) -> None:
    octets = canonical(read(document))
    assert canonical(read(octets)) == octets


@settings(deadline=None)
@given(st.binary(max_size=60) | st.text("<>/a:xmlns=\"' !-[]?&;#1", max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(document: bytes) -> None:
    with contextlib.suppress(XmlRefused):
        assert read(canonical(read(document))).name == read(document).name


@pytest.mark.parametrize(
    "document",
    [
        BOMB + "<a>&b;</a>",
        OUTSIDE + "<a>&a;</a>",
        "<!DOCTYPE a><a/>",
        '<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd"><a/>',
        "<a>&b;</a>",
        "<a><?php echo 1 ?></a>",
        "<p:a/>",
        '<a p:b="1"/>',
        '<a xmlns:p="urn:1" xmlns:q="urn:1" p:b="1" q:b="2"/>',
        '<a b="1" b="2"/>',
        '<a xmlns:p=""/>',
        '<a xmlns:xml="urn:1"/>',
        '<a xmlns:xmlns="urn:1"/>',
        '<a xmlns:p="http://www.w3.org/2000/xmlns/"/>',
        '<a xmlns="http://www.w3.org/XML/1998/namespace"/>',
        '<p:q:a xmlns:p="urn:1"/>',
        '<a xmlns:p="urn:1"><p:1/></a>',
        "<a/><b/>",
        "<a>",
        "",
        "a",
        "<a>" * 33 + "</a>" * 33,
        "<a>" + "<b/>" * 50_000 + "</a>",
        "<a " + " ".join(f'xmlns:p{i}="urn:{i}"' for i in range(70)) + "/>",
        "<a>\0</a>",
    ],
)
def test_what_no_partner_needs_to_send_is_refused(document: str) -> None:
    with pytest.raises(XmlRefused):
        parse_document(document.encode(), most_bytes=1_000_000)


def test_documents_are_bounded_before_they_are_read() -> None:
    with pytest.raises(XmlRefused):
        parse_document(b"<a>" + b" " * 100 + b"</a>", most_bytes=100)


def test_the_declared_encoding_does_not_choose_how_bytes_are_read() -> None:
    utf_7 = b'<?xml version="1.0" encoding="utf-7"?><a>+ADw-b/+AD4-</a>'
    assert read(utf_7).elements == ()
    with pytest.raises(XmlRefused):
        read("<a>é</a>".encode("latin-1"))
    assert read("\ufeff<a>é</a>").text == "é"


def test_text_is_whole_whatever_stands_in_it() -> None:
    assert read("<a>ada<!-- x -->@example<![CDATA[.com]]></a>").text == "ada@example.com"


def test_a_part_is_read_with_the_namespaces_of_its_place() -> None:
    outer = read('<p:a xmlns:p="urn:1"/>')
    part = parse_document(b"<p:b/>", most_bytes=100, scope=outer.scope)
    assert part.name == Name("urn:1", "b")
