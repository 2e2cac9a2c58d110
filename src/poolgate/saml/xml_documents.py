"""XML of strangers, read into elements that cannot surprise.

The parser is the standard library's expat, told to know no document types: there are no entities,
no defaults and nothing to fetch. Size, depth and number of nodes are bounded. Prefixes and the
namespaces in scope are kept, since signatures are over them; comments are not, so that text is
whole whatever a comment was put into.
# SPEC Namespaces in XML 1.0
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias
from xml.parsers import expat

from poolgate.saml.failures import SamlRefused

_DEEPEST = 32
_MOST_NODES = 50_000
_MOST_NAMESPACES = 64
_XML, _XMLNS = "xml", "xmlns"
XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace"
_XMLNS_NAMESPACE = "http://www.w3.org/2000/xmlns/"
_NOT_AT_START = re.compile(r"[-.0-9]")

Scope: TypeAlias = Mapping[str, str]
OUTERMOST_SCOPE: Scope = MappingProxyType({_XML: XML_NAMESPACE, "": ""})


class XmlRefused(SamlRefused):
    """The document is not well-formed, or holds what no partner needs to send."""


@dataclass(frozen=True, slots=True)
class Name:
    """What an element or attribute is called, whatever its prefix."""

    namespace: str
    local: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute as it stands in the document."""

    prefix: str
    name: Name
    value: str

    @property
    def written_name(self) -> str:
        """The name with its prefix."""
        return f"{self.prefix}:{self.name.local}" if self.prefix else self.name.local


@dataclass(frozen=True, slots=True, eq=False)
class Element:
    """An element as it stands in the document; two are equal when they are the same one."""

    prefix: str
    name: Name
    attributes: tuple[Attribute, ...]
    scope: Scope
    children: Sequence["Element | str"]

    @property
    def written_name(self) -> str:
        """The name with its prefix."""
        return f"{self.prefix}:{self.name.local}" if self.prefix else self.name.local

    @property
    def elements(self) -> tuple["Element", ...]:
        """The elements right below this one."""
        return tuple(child for child in self.children if isinstance(child, Element))

    @property
    def text(self) -> str:
        """All text of the element and of what is below it."""
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def get(self, local: str) -> str | None:
        """Return the value of an attribute that is in no namespace, or None."""
        name = Name("", local)
        return next((each.value for each in self.attributes if each.name == name), None)

    def all(self, name: Name) -> tuple["Element", ...]:
        """Return the elements of that name right below this one."""
        return tuple(child for child in self.elements if child.name == name)

    def only(self, name: Name) -> "Element":
        """Return the one element of that name right below this one; raise XmlRefused."""
        found = self.all(name)
        if len(found) != 1:
            raise XmlRefused(private_detail=f"{len(found)} of {name.local}")
        return found[0]

    def walk(self) -> Iterator["Element"]:
        """Give the element and all that is below it, in order of the document."""
        yield self
        for child in self.elements:
            yield from child.walk()


def parse_document(document: bytes, *, most_bytes: int, scope: Scope = OUTERMOST_SCOPE) -> Element:
    """Return the document's outermost element; raise XmlRefused.

    `scope` are the namespaces of the place that a part of another document is read for.
    """
    if len(document) > most_bytes:
        raise XmlRefused(private_detail="too long")
    reader = _Reader(scope)
    # An encoding that the document declares would choose how its bytes are read.
    parser = expat.ParserCreate("UTF-8")
    parser.ordered_attributes = True
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.ProcessingInstructionHandler = reader.refuse_inside
    parser.StartElementHandler = reader.begin
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.add_text
    try:
        parser.Parse(document, True)  # noqa: FBT003 - expat's own signature: this is the last part
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise XmlRefused(private_detail="not well-formed") from error
    return reader.outermost


def _refuse(*_declaration: object) -> None:
    raise XmlRefused(private_detail="document type")


@dataclass(slots=True, eq=False)
class _Open:
    """An element whose end has not come."""

    prefix: str
    name: Name
    attributes: tuple[Attribute, ...]
    scope: Scope
    children: list[Element | str]


class _Reader:
    """Builds elements from what expat tells."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._open: list[_Open] = []
        self._nodes = 0
        self._done: Element | None = None

    @property
    def outermost(self) -> Element:
        if self._done is None:
            raise XmlRefused(private_detail="empty")
        return self._done

    def begin(self, written_name: str, written: list[str]) -> None:
        pairs = list(zip(written[::2], written[1::2], strict=True))
        self._count(1 + len(pairs))
        if len(self._open) >= _DEEPEST:
            raise XmlRefused(private_detail="too deep")
        scope = _extended(self._open[-1].scope if self._open else self._scope, pairs)
        prefix, name = _resolved(written_name, scope)
        self._open.append(_Open(prefix, name, _attributes(pairs, scope), scope, []))

    def end(self, _written_name: str) -> None:
        last = self._open.pop()
        element = Element(last.prefix, last.name, last.attributes, last.scope, last.children)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self._done = element

    def add_text(self, part: str) -> None:
        children = self._open[-1].children
        if children and isinstance(children[-1], str):
            children[-1] += part
        else:
            self._count(1)
            children.append(part)

    def refuse_inside(self, *_instruction: object) -> None:
        if self._open:
            raise XmlRefused(private_detail="processing instruction")

    def _count(self, more: int) -> None:
        self._nodes += more
        if self._nodes > _MOST_NODES:
            raise XmlRefused(private_detail="too many nodes")


def _extended(scope: Scope, pairs: list[tuple[str, str]]) -> Scope:
    """Return the namespaces in scope with those that an element declares."""
    declared = {
        name.partition(":")[2]: value
        for name, value in pairs
        if name == _XMLNS or name.startswith(f"{_XMLNS}:")
    }
    if not declared:
        return scope
    for prefix, namespace in declared.items():
        is_reserved = prefix in {_XML, _XMLNS} or namespace in {XML_NAMESPACE, _XMLNS_NAMESPACE}
        # SPEC xml-names 5: a prefix is never undeclared, the default namespace may be.
        if is_reserved or (prefix and not namespace):
            raise XmlRefused(private_detail="namespace declaration")
    extended = {**scope, **declared}
    if len(extended) > _MOST_NAMESPACES:
        raise XmlRefused(private_detail="too many namespaces")
    return extended


def _attributes(pairs: list[tuple[str, str]], scope: Scope) -> tuple[Attribute, ...]:
    attributes = []
    for written_name, value in pairs:
        if written_name == _XMLNS or written_name.startswith(f"{_XMLNS}:"):
            continue
        prefix, name = _resolved(written_name, scope)
        # SPEC xml-names 6.2: the default namespace is not for attributes.
        attributes.append(Attribute(prefix, name if prefix else Name("", name.local), value))
    # SPEC xml-names 6.3: two prefixes of one namespace do not make two attributes.
    if len({attribute.name for attribute in attributes}) < len(attributes):
        raise XmlRefused(private_detail="attribute twice")
    return tuple(attributes)


def _resolved(written_name: str, scope: Scope) -> tuple[str, Name]:
    before, colon, after = written_name.partition(":")
    prefix, local = (before, after) if colon else ("", before)
    malformed = (colon and not before) or not local or ":" in local or _NOT_AT_START.match(local)
    if malformed or prefix not in scope:
        raise XmlRefused(private_detail="name")
    return prefix, Name(scope[prefix], local)
