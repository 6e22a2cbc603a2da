"""Parts of a mail as clients encode them (RFC 2045, 2046, 3676)."""

import base64
import quopri
import re

from clients_quotes import flowed


def text_part(text: str, encoding: str, *, is_flowed: bool) -> bytes:
    """Text that is written without spaces is broken with DelSp (RFC 3676 section 4.1)."""
    delsp = not text.isascii() and not any(len(line.split()) > 8 for line in text.split("\n"))
    kind = 'text/plain; charset="utf-8"'
    if is_flowed:
        kind += "; format=flowed" + ("; delsp=yes" if delsp else "")
        text = flowed(text, delsp=delsp)
    return part(kind, text + "\n", encoding)


def part(kind: str, text: str, encoding: str) -> bytes:
    content = text.encode()
    if encoding == "careful" or len(max(content.split(b"\n"), key=len)) > 990:
        encoding, content = "quoted-printable", _careful(content)
    elif content.isascii() and encoding != "base64":
        encoding = "7bit"
    elif encoding == "base64":
        content = base64.encodebytes(content.replace(b"\n", b"\r\n"))
    elif encoding == "quoted-printable":
        content = quopri.encodestring(content)
    return f"Content-Type: {kind}\nContent-Transfer-Encoding: {encoding}\n\n".encode() + content


def _careful(content: bytes) -> bytes:
    """Encode what EBCDIC gateways change too (RFC 2045 section 6.7): "#" among them."""
    encoded = quopri.encodestring(content)
    return re.sub(rb"^#", b"=23", encoded, flags=re.MULTILINE)


def alternative(boundary: str, *parts: bytes) -> bytes:
    begin = f"--{boundary}\n".encode()
    head = f'Content-Type: multipart/alternative;\n\tboundary="{boundary}"\n\n'.encode()
    return head + b"".join(begin + part + b"\n" for part in parts) + f"--{boundary}--\n".encode()
