"""Small images of every kind that login pages can have."""

import base64

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
JPEG = b"\xff\xd8\xff\xe0" + bytes(100)
ICO = b"\x00\x00\x01\x00\x01\x00" + bytes(100)
WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8 " + bytes(100)
SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
    b'<defs><path id="a" d="M0 0"/></defs><use xlink:href="#a" style="fill:#fff"/></svg>'
)
IMAGES = {"PNG": PNG, "JPEG": JPEG, "ICO": ICO, "WEBP": WEBP, "SVG": SVG}
_SVG = '<svg xmlns="http://www.w3.org/2000/svg">{}</svg>'
# SVG that runs something, or asks somebody else for something.
HARMFUL_SVGS = [
    text.encode()
    for text in (
        _SVG.format("<script>alert(1)</script>"),
        _SVG.format('<a href="javascript:alert(1)"/>'),
        _SVG.format('<image href="https://example.com/x.png"/>'),
        _SVG.format("<foreignObject/>"),
        _SVG.format('<set attributeName="href" to="x"/>'),
        _SVG.replace("<svg ", '<svg onload="alert(1)" ').format(""),
        '<!DOCTYPE svg [<!ENTITY a "b">]>' + _SVG.format(""),
        '<?xml-stylesheet href="https://example.com/x.css"?>' + _SVG.format(""),
        "<svg/>",
        _SVG.format("<g>" * 70 + "</g>" * 70),
        _SVG.format("<g>"),
    )
]
