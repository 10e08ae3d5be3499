"""Asking DNS: a small stub resolver (RFC 1035, 1123, 6891) whose answers have four values.

``codec`` writes questions and reads what an answer is made of, ``udp`` and ``stub`` carry both over UDP and TCP,
``classify`` turns a packet into found, absent, refused or failed, ``decode`` puts records into
presentation form, ``system`` knows the name servers, ``resolver`` is what everybody else uses. dnspython is imported
only when an answer has records, since most answers of a blocklist have none.
"""

from __future__ import annotations

from probe.names import is_hostname, reverse_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from probe.resolver.resolver import Resolver

__all__ = ["Resolver", "is_hostname", "reverse_name"]


def __getattr__(name: str) -> object:
    """The resolver itself is loaded when somebody asks for it: a literal address needs none."""
    if name == "Resolver":
        from probe.resolver.resolver import Resolver as loaded

        return loaded
    raise AttributeError(f"module 'probe.resolver' has no attribute {name!r}")
