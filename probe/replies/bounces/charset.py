"""Octets of a message to text: transfer encodings and charsets, however wrongly declared. Nothing here fails.

Only charsets of mail are decoded: some of Python's codecs are none (``hex``), and some take quadratic time
(``punycode``).
"""

from __future__ import annotations

import binascii
import re

_CHARSET = re.compile(
    r"utf-?(?:8|16|16le|16be)|(?:us-)?ascii|iso-?8859-\d{1,2}|(?:windows-|cp)125\d|cp(?:437|850|866)|koi8-[rut]"
    r"|iso-2022-(?:jp(?:-[123]|-2004|-ext)?|kr)|shift[_-]?jis|s-?jis|cp932|windows-31j|euc-?(?:jp|kr)"
    r"|gb2312|gbk|gb18030|hz|big5(?:-hkscs)?|ks_c_5601-1987|tis-620|mac-?roman"
)
# What is declared is often the older or smaller of two names for what is meant.
_MEANT = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "s-jis": "cp932",
    "windows-31j": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "euckr": "cp949",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
}
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def decoded(octets: bytes, encoding: str) -> bytes:
    """Undo a Content-Transfer-Encoding (RFC 2045 section 6); one that is cut or broken gives what there is of it."""
    encoding = encoding.strip().lower()
    if encoding == "quoted-printable":
        return binascii.a2b_qp(octets)
    if encoding == "base64":
        digits = _NOT_BASE64.sub(b"", octets)
        # One digit alone is no octet (RFC 4648 section 4).
        digits = digits[: len(digits) - 1] if len(digits) % 4 == 1 else digits
        return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4))
    return octets


def text_of(octets: bytes, charset: str | None = None) -> str:
    """The text of ``octets``: as UTF-8 where they are that, else as declared, else as they most likely are."""
    name = (charset or "").strip().strip("\"'").lower()
    if name not in ("", "us-ascii", "ascii", "utf-8", "utf8") and _CHARSET.fullmatch(name):
        try:
            return octets.decode(_MEANT.get(name, name), "replace")
        except (LookupError, UnicodeError):
            pass
    if b"\x1b$" in octets:  # RFC 1468: the escape that begins Japanese
        return octets.decode("iso2022_jp_ext", "replace")
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("utf-8", "surrogateescape") if not _mostly_text(octets) else _guessed(octets)


def _mostly_text(octets: bytes) -> bool:
    return b"\0" not in octets[:4096]


def _guessed(octets: bytes) -> str:
    """Undeclared octets beyond ASCII: Japanese where all of it is, else Latin letters."""
    for charset in ("euc_jp", "cp932"):
        try:
            text = octets.decode(charset)
        except UnicodeDecodeError:
            continue
        if any("\u3041" <= letter <= "\u30fe" for letter in text):
            return text
    return octets.decode("cp1252", "replace")
