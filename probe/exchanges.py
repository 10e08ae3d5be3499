"""Reading the MX records of a domain: who takes its mail, in which order (RFC 5321 section 5.1, RFC 7505)."""

from __future__ import annotations

from collections.abc import Iterable

from probe.model.noun import noun
from probe.names import is_hostname


@noun(frozen=True)
class Exchanges:
    """``exchanges`` are preference and host, the best first; ``unusable`` the records whose name can be no host's.
    ``null`` says that one of them has the root for its name; alone it declares that no mail is taken (RFC 7505
    section 3)."""

    exchanges: tuple[tuple[int, str], ...] = ()
    unusable: tuple[str, ...] = ()
    null: bool = False


def read_mx(values: Iterable[str]) -> Exchanges:
    """Read records in presentation form, such as ``10 mx.example.org``; never raises."""
    exchanges: list[tuple[int, str]] = []
    unusable = []
    null = False
    for value in values:
        preference, _, name = value.partition(" ")
        host = name.strip().removesuffix(".").lower()
        if not host:
            null = True
        elif preference.isdigit() and is_hostname(host):
            exchanges.append((int(preference), host))
        else:
            unusable.append(value)
    return Exchanges(tuple(sorted(exchanges, key=lambda one: one[0])), tuple(unusable), null)
