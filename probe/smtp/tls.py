"""TLS over memory: every octet of the handshake passes through our hands (RFC 3207, RFC 8446).

The session connects without verifying, as a sending mail server does, unless verification was asked for; then the
handshake itself fails where the certificate does not hold.
"""

from __future__ import annotations

import ssl

from probe.errors import WireError
from probe.model import Certificate, Tls

# A TLS record that opens a handshake, or an alert (RFC 8446 section 5.1).
_HANDSHAKE, _ALERT = 0x16, 0x15


def client_context(*, verify: bool, ca_file: str | None = None) -> ssl.SSLContext:
    """A context that can talk to old servers too: what they negotiate is reported, not hidden.

    Raises OSError (ssl.SSLError among them) where ``ca_file`` cannot be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if verify:
        # Loading the store of the system costs some 50 ms, so only here.
        if ca_file:
            context.load_verify_locations(ca_file)
        else:
            context.load_default_certs()
        return context
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    return context


class TlsLayer:
    """One TLS connection between two memory buffers. Octets from the network go into ``receive``; octets for the
    network come from ``pending``."""

    def __init__(self, context: ssl.SSLContext, server_name: str | None) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name)
        self._verify = context.verify_mode != ssl.CERT_NONE
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
                plain = octets[:3].isdigit()
                raise WireError(
                    "injection" if plain else "tls_error",
                    "plain text between the 220 and the TLS handshake"
                    if plain
                    else "no TLS where the handshake begins",
                    octets,
                )
        self._incoming.write(octets)

    def end(self) -> None:
        self._incoming.write_eof()

    def handshake(self) -> bool:
        """Go on with the handshake; True once it is done. Raises ``WireError``."""
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLCertVerificationError as error:
            raise WireError("cert_problem", f"the certificate does not verify: {error.verify_message}") from error
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

    def facts(self) -> Tls:
        """What was negotiated, and the certificate that was shown."""
        cipher = self._object.cipher()
        der = self._object.getpeercert(binary_form=True)
        return Tls(
            version=(self._object.version() or "").replace("TLSv", "TLS ") or None,
            cipher=cipher[0] if cipher else None,
            certificate=_certificate(der) if der else None,
            verified=True if self._verify else None,
        )


def _certificate(der: bytes) -> Certificate | None:
    from probe.smtp.certificate import describe

    return describe(der)


def _alert(error: ssl.SSLError) -> str | None:
    """The alert's name in RFC 8446's spelling, from OpenSSL's reason such as TLSV1_ALERT_PROTOCOL_VERSION."""
    _, found, name = (error.reason or "").partition("ALERT_")
    return name.lower() if found else None


def _said(error: ssl.SSLError) -> str:
    alert = _alert(error)
    if alert:
        return f"the other side sent the TLS alert {alert}"
    return f"the TLS handshake failed: {(error.reason or str(error)).lower().replace('_', ' ')}"
