"""TLS over memory: every octet of the handshake passes through our hands (RFC 3207, RFC 8446).

The handshake verifies nothing, as a sending mail server's does; the certificate is judged afterwards, apart from it.
"""

from __future__ import annotations

import datetime
import ssl
from dataclasses import replace

from probe.errors import WireError
from probe.model import Tls

# A TLS record that opens a handshake, or an alert (RFC 8446 section 5.1).
_HANDSHAKE, _ALERT = 0x16, 0x15


def client_context() -> ssl.SSLContext:
    """A context that takes any certificate and talks to old servers too: what they show and negotiate is judged
    afterwards and reported, not hidden behind a failed handshake."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


_VERSIONS = {"TLSv1": "TLS 1.0", "TLSv1.1": "TLS 1.1", "TLSv1.2": "TLS 1.2", "TLSv1.3": "TLS 1.3"}


class TlsLayer:
    """One TLS connection between two memory buffers. Octets from the network go into ``receive``; octets for the
    network come from ``pending``."""

    def __init__(self, context: ssl.SSLContext, server_name: str | None, *, upgrade: bool = True) -> None:
        """``upgrade`` is true after STARTTLS: plain text is then an injection, else merely no TLS."""
        self._upgrade = upgrade
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        self._heard = False
        self.ready = False
        self.closed = False

    def pending(self) -> bytes:
        return self._outgoing.read()

    def receive(self, octets: bytes) -> None:
        """Take octets from the network.

        Raises ``WireError``: ``injection`` for plain text where the handshake should begin (RFC 3207 section 4.2),
        ``tls_error`` for anything else that is no TLS.
        """
        if not self._heard and octets:
            self._heard = True
            if octets[0] not in (_HANDSHAKE, _ALERT):
                raise _no_tls(octets, upgrade=self._upgrade)
        self._incoming.write(octets)

    def end(self) -> None:
        self._incoming.write_eof()

    def handshake(self) -> bool:
        """Go on with the handshake; True once it is done. Raises ``WireError``."""
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError as error:
            raise WireError("tls_error", _said(error), alert=_alert(error)) from error
        self.ready = True
        return True

    def encrypt(self, octets: bytes) -> None:
        self._object.write(octets)

    def decrypt(self) -> bytes:
        """All plain text that can be read now. Sets ``closed`` at the other side's close_notify."""
        parts = []
        try:
            while part := self._object.read(65536):
                parts.append(part)
            self.closed = True
        except ssl.SSLWantReadError:
            pass
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            self.closed = True
        except ssl.SSLError as error:
            if not parts:
                raise WireError("tls_error", _said(error), alert=_alert(error)) from error
        return b"".join(parts)

    def facts(self, host: str, now: datetime.datetime, ca_file: str | None = None) -> Tls:
        """What was negotiated, the certificates that were shown, and whether they hold for ``host`` now."""
        version, cipher = self._object.version(), self._object.cipher()
        negotiated = Tls(
            version=_VERSIONS.get(version, version) if version else None,
            cipher=cipher[0] if cipher else None,
        )
        der = self._object.getpeercert(binary_form=True)
        if not der:
            return negotiated
        from probe.smtp.certificate import describe
        from probe.smtp.verification import problems

        chain = self._chain()
        found = problems(chain or [der], host, now, ca_file)
        return replace(
            negotiated,
            certificate=describe(der),
            chain=None if chain is None else tuple(filter(None, map(describe, chain[1:]))),
            verified=not found,
            problems=found,
        )

    def _chain(self) -> list[bytes] | None:
        """The chain as sent, leaf first; Python shows it from 3.13 on, before that only through a private object."""
        shown = getattr(self._object, "get_unverified_chain", None)
        if shown is not None:
            return list(shown() or []) or None
        private = getattr(getattr(self._object, "_sslobj", None), "get_unverified_chain", None)
        if private is None:
            return None
        return [ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in private() or []] or None


def _no_tls(octets: bytes, *, upgrade: bool) -> WireError:
    if not octets[:3].isdigit():
        return WireError("tls_error", "no TLS where the handshake begins", octets)
    if upgrade:
        return WireError("injection", "plain text between the 220 and the TLS handshake", octets)
    return WireError("tls_error", "this port speaks SMTP in clear; try --tls starttls", octets)


def _alert(error: ssl.SSLError) -> str | None:
    """The alert's name in RFC 8446's spelling, from OpenSSL's reason such as TLSV1_ALERT_PROTOCOL_VERSION."""
    _, found, name = (error.reason or "").partition("ALERT_")
    return name.lower() if found else None


def _said(error: ssl.SSLError) -> str:
    alert = _alert(error)
    if alert:
        return f"the other side sent the TLS alert {alert}"
    return f"the TLS handshake failed: {(error.reason or str(error)).lower().replace('_', ' ')}"
