"""What was typed after ``sender``: a domain, an address, or a mailbox."""

from __future__ import annotations

import re

from probe.errors import TargetError
from probe.model import SubjectKind
from probe.model.noun import noun
from probe.names import BadName, is_address, is_hostname, to_ascii
from probe.text import show

# RFC 5321 sections 4.1.2 and 4.5.3.1.1, RFC 6531 section 3.3: a dot-string or a quoted string of at most 64.
_LOCAL = re.compile(r"(?=.{1,64}\Z)(?:[^\s\x00-\x20\x7f\"(),:;<>@\[\]\\]+|\"(?:[^\x00-\x1f\x7f\"\\]|\\[ -~])*\")")


@noun(frozen=True)
class Subject:
    """``text`` is what was typed, made printable. ``domain`` is in A-labels, ``address`` as the library writes it;
    ``mail_from`` is the reverse-path that mail from here would have, empty for an address alone."""

    kind: SubjectKind
    text: str
    domain: str | None = None
    address: str | None = None
    mail_from: str = ""


def read_subject(text: str) -> Subject:
    """Read one subject. Raises ``TargetError``."""
    typed = text.strip()
    bare = typed.removeprefix("[").removesuffix("]").removeprefix("IPv6:")
    if is_address(bare):
        import ipaddress

        address = ipaddress.ip_address(bare.partition("%")[0])
        mapped = getattr(address, "ipv4_mapped", None)
        return Subject("address", show(typed), address=str(mapped or address))
    local, at, name = typed.rpartition("@")
    domain = _domain(name)
    if domain is None or (at and not _LOCAL.fullmatch(local)):
        raise TargetError(f"{show(typed)[:80]!r} is no domain, address or mailbox")
    if at:
        return Subject("mailbox", show(typed), domain, mail_from=f"{local}@{domain}")
    return Subject("domain", show(typed), domain, mail_from=f"postmaster@{domain}")


def _domain(name: str) -> str | None:
    try:
        ascii_name = to_ascii(name)
    except BadName:
        return None
    return ascii_name if is_hostname(ascii_name) and "." in ascii_name else None
