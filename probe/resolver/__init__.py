"""Asking DNS: a small stub resolver (RFC 1035, 1123, 6891) whose answers have four values.

``codec`` writes questions and reads what an answer is made of, ``stub`` carries
both over UDP and TCP, ``classify`` turns a packet into found, absent, refused or failed, ``decode`` puts records into
presentation form, ``system`` knows the name servers, ``resolver`` is what everybody else uses. dnspython is imported
only when an answer has records, since most answers of a blocklist have none.
"""

from probe.names import is_hostname, reverse_name
from probe.resolver.resolver import Resolver

__all__ = ["Resolver", "is_hostname", "reverse_name"]
