"""TLS over memory: every octet of the handshake passes through our hands (RFC 3207, RFC 8446).

The handshake verifies nothing, as a sending mail server's does; the certificate is judged afterwards, apart from it.
"""

from __future__ import annotations

import datetime
import ssl
from dataclasses import replace

from probe.errors import Detail, WireError
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


def verifying_context() -> ssl.SSLContext:
    """A context for whoever will stop at a certificate that does not hold: no old protocol, no weak cipher. What the
    certificate is worth is judged after the handshake here too, so that every reason is known."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


_FATAL = 2
_ALERT_RECORD = 7  # type, version, length, level, description
# RFC 8446 section 6 and the registry of TLS alerts.
_ALERTS = {
    0: "close_notify",
    10: "unexpected_message",
    20: "bad_record_mac",
    22: "record_overflow",
    40: "handshake_failure",
    42: "bad_certificate",
    43: "unsupported_certificate",
    44: "certificate_revoked",
    45: "certificate_expired",
    46: "certificate_unknown",
    47: "illegal_parameter",
    48: "unknown_ca",
    49: "access_denied",
    50: "decode_error",
    51: "decrypt_error",
    70: "protocol_version",
    71: "insufficient_security",
    80: "internal_error",
    86: "inappropriate_fallback",
    90: "user_canceled",
    109: "missing_extension",
    110: "unsupported_extension",
    112: "unrecognized_name",
    113: "bad_certificate_status_response",
    115: "unknown_psk_identity",
    116: "certificate_required",
    120: "no_application_protocol",
}

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
        self._last = b""
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
                raise no_tls(octets, upgrade=self._upgrade)
        self._last = (self._last + octets)[-_ALERT_RECORD:]
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
            alert = _alert_in(self._last) or _alert(error)
            raise WireError("tls_error", _said(error, alert), alert=alert) from error
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
                raise WireError("tls_error", _said(error, _alert(error)), alert=_alert(error)) from error
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
        from probe.tls.certificate import describe
        from probe.tls.verification import problems

        chain = self._sent_chain()
        found = problems(chain or [der], host, now, ca_file)
        return replace(
            negotiated,
            certificate=describe(der),
            chain=None if chain is None else tuple(filter(None, map(describe, chain[1:]))),
            verified=not found,
            problems=found,
        )

    def chain(self) -> list[bytes]:
        """The certificates that were shown, leaf first and in DER form; the leaf alone where this Python shows no
        more."""
        der = self._object.getpeercert(binary_form=True)
        return self._sent_chain() or ([der] if der else [])

    def _sent_chain(self) -> list[bytes] | None:
        """The chain as sent, leaf first; Python shows it from 3.13 on, before that only through a private object."""
        shown = getattr(self._object, "get_unverified_chain", None)
        if shown is not None:
            return list(shown() or []) or None
        private = getattr(getattr(self._object, "_sslobj", None), "get_unverified_chain", None)
        if private is None:
            return None
        return [ssl.PEM_cert_to_DER_cert(one.public_bytes()) for one in private() or []] or None


def no_tls(octets: bytes, *, upgrade: bool) -> WireError:
    """What plain octets mean where the handshake should begin; ``upgrade`` is true after STARTTLS."""
    if not octets[:3].isdigit():
        return WireError("tls_error", Detail("detail-no-tls"), octets)
    if upgrade:
        return WireError("injection", Detail("detail-injected-text"), octets)
    return WireError("tls_error", Detail("detail-port-in-clear"), octets)


def _alert(error: ssl.SSLError) -> str | None:
    """The alert's name in RFC 8446's spelling, from OpenSSL's reason such as TLSV1_ALERT_PROTOCOL_VERSION."""
    _, found, name = (error.reason or "").partition("ALERT_")
    return name.lower() if found else None


def _alert_in(octets: bytes) -> str | None:
    """The name of an alert that came in clear as the last record: OpenSSL does not tell all of them."""
    if len(octets) == _ALERT_RECORD and octets[0] == _ALERT and octets[3:5] == b"\0\x02" and octets[5] == _FATAL:
        return _ALERTS.get(octets[6])
    return None


def _said(error: ssl.SSLError, alert: str | None) -> Detail:
    if alert:
        return Detail("detail-tls-alert", alert=alert)
    return Detail("detail-tls-failed", reason=(error.reason or str(error)).lower().replace("_", " "))
