"""Exclusive XML canonicalisation: the octets that signatures are over.

What is rendered here can be read again to the same element, so that who reads these octets sees
what was signed and nothing else.
# SPEC REC-xml-exc-c14n-20020718, REC-xml-c14n-20010315 s2.3
"""

from collections.abc import Collection

from poolgate.saml.xml_documents import Element, Scope

# How a prefix list names the default namespace.
_DEFAULT = "#default"
_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"})
_VALUE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", '"': "&quot;", "\t": "&#x9;", "\n": "&#xA;", "\r": "&#xD;"}
)


def canonical(
    element: Element,
    *,
    inclusive_prefixes: Collection[str] = (),
    without: Element | None = None,
) -> bytes:
    """Return the element's octets, `without` one that is below it.

    Of `inclusive_prefixes` the namespaces are rendered where they are in scope, used or not.
    """
    parts: list[str] = []
    inclusive = frozenset("" if each == _DEFAULT else each for each in inclusive_prefixes)
    _render(element, {"": ""}, inclusive, without, parts)
    return "".join(parts).encode()


def render_text(text: str) -> str:
    """Return a text as it stands between tags."""
    return text.translate(_TEXT)


def render_value(value: str) -> str:
    """Return a value as it stands between the quotes of an attribute."""
    return value.translate(_VALUE)


def _render(
    element: Element,
    rendered: Scope,
    inclusive: frozenset[str],
    without: Element | None,
    parts: list[str],
) -> None:
    used = {element.prefix, *(each.prefix for each in element.attributes if each.prefix)}
    wanted = (used | (inclusive & element.scope.keys())) - {"xml"}
    declared = {
        prefix: element.scope[prefix]
        for prefix in sorted(wanted)
        if rendered.get(prefix) != element.scope[prefix]
    }
    parts.append(f"<{element.written_name}")
    for prefix, namespace in declared.items():
        written = f"xmlns:{prefix}" if prefix else "xmlns"
        parts.append(f' {written}="{render_value(namespace)}"')
    in_order = sorted(element.attributes, key=lambda each: (each.name.namespace, each.name.local))
    parts.extend(f' {each.written_name}="{render_value(each.value)}"' for each in in_order)
    parts.append(">")
    below = {**rendered, **declared} if declared else rendered
    for child in element.children:
        if isinstance(child, str):
            parts.append(render_text(child))
        elif child is not without:
            _render(child, below, inclusive, without, parts)
    parts.append(f"</{element.written_name}>")
