"""smtp-probe talks to a mail server, keeps every byte it hears, says what each reply means, and proves why mail was
refused.

    report = await probe.check("mx.example.org")
    print(probe.explain("554 5.7.1 Service unavailable").meaning)
    print(probe.compare("214", "554").difference)
    print([incident.explanation.cause for incident in probe.diagnose(bounce)])
    print((await probe.message(octets)).authentication_results)

The names are loaded when first used.
"""

from __future__ import annotations

# Not typing's: importing that takes longer than everything else that --version needs.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from probe.authentication.message import message
    from probe.checks.spf import check_host
    from probe.reference import compare, explain
    from probe.replies.intake import diagnose
    from probe.resolver import Resolver
    from probe.run import check
    from probe.sending.sender import sender

__all__ = ["Resolver", "check", "check_host", "compare", "diagnose", "explain", "message", "sender"]

_HOMES = {
    "Resolver": ("probe.resolver", "Resolver"),
    "check": ("probe.run", "check"),
    "check_host": ("probe.checks.spf", "check_host"),
    "compare": ("probe.reference", "compare"),
    "diagnose": ("probe.replies.intake", "diagnose"),
    "explain": ("probe.reference", "explain"),
    "sender": ("probe.sending.sender", "sender"),
    "message": ("probe.authentication.message", "message"),
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'probe' has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _HOMES[name]
    value: object = getattr(import_module(module), attribute)
    return value
