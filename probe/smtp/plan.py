"""What one session is to do: everything that a user may choose about it, decided before the first octet."""

from __future__ import annotations

from dataclasses import field

from probe.model import Protocol, TlsMode
from probe.model.noun import noun


@noun(frozen=True)
class Plan:
    """The defaults send no message and no secret.

    ``mail_from`` is the reverse-path without angle brackets, empty for ``<>``. ``ehlo`` None means: our own host name
    if it has a dot, else our address as a literal. Without ``auth_user`` the ``auth_mechanism`` is asked for
    without secrets; with it the session logs in, inside verified TLS unless ``allow_clear_auth``. ``message``
    goes out only where ``send`` is true. ``quit_after`` is the stage after which QUIT follows.
    """

    recipients: tuple[str, ...]
    mail_from: str = ""
    ehlo: str | None = None
    tls: TlsMode = "auto"
    tls_verify: bool = False
    ca_file: str | None = None
    tls_name: str | None = None
    protocol: Protocol = "smtp"
    help_topic: str | None = None
    auth_mechanism: str | None = None
    mail_parameters: tuple[str, ...] = ()
    rcpt_parameters: tuple[str, ...] = ()
    send: bool = False
    message: bytes | None = None
    quit_after: str | None = None
    source: str | None = None
    auth_user: str | None = None
    password: str = field(default="", repr=False)
    allow_clear_auth: bool = False

    @property
    def needs_verified_tls(self) -> bool:
        """Whether a certificate that does not verify ends the session: asked for, or because a secret will follow."""
        return self.tls_verify or (self.auth_user is not None and not self.allow_clear_auth)
