"""Logging in: what to say to each challenge (RFC 4954, RFC 4616, RFC 2195). The encodings are aiosmtplib's."""

from __future__ import annotations

import base64
from collections.abc import Iterable

from aiosmtplib.auth import auth_crammd5_verify, auth_login_encode, auth_plain_encode, auth_xoauth2_encode
from aiosmtplib.errors import SMTPAuthenticationError

# RFC 4954 section 4 bounds a line at 12,288 octets; nothing that is known takes more than a few steps.
MOST_STEPS = 5
LONGEST = 12_288

# Best first. Inside TLS the plain mechanisms are the ones that work; in clear a digest at least hides the password.
IN_TLS = ("PLAIN", "LOGIN", "CRAM-MD5")
IN_CLEAR = ("CRAM-MD5", "PLAIN", "LOGIN")
KNOWN = ("PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2")


def choose(offered: Iterable[str], *, in_tls: bool) -> str | None:
    """The mechanism to try, None where none of ours is offered. XOAUTH2 is used only where it is asked for, since a
    password is no token."""
    names = {name.upper() for name in offered}
    return next((name for name in (IN_TLS if in_tls else IN_CLEAR) if name in names), None)


class Login:
    """One try with one mechanism. ``initial`` is the response to send along with AUTH, None where the server speaks
    first."""

    def __init__(self, mechanism: str, user: str, password: str) -> None:
        self.mechanism = mechanism.upper()
        self._user, self._password = user, password
        self._answers: list[bytes] = []
        self.initial: bytes | None = None
        if self.mechanism == "PLAIN":
            self.initial = auth_plain_encode(user, password)
        elif self.mechanism == "XOAUTH2":
            self.initial = auth_xoauth2_encode(user, password)
            self._answers = [b""]  # an empty line fetches the final refusal behind the error document
        elif self.mechanism == "LOGIN":
            self._answers = list(auth_login_encode(user, password))

    def answer(self, challenge: str) -> bytes | None:
        """The response to a challenge, None where there is none to give, or where it cannot be read."""
        if self.mechanism == "CRAM-MD5" and not self._answers:
            try:
                if not base64.b64decode(challenge, validate=True):
                    return None  # nothing to sign: the same answer would be good for ever
                response = auth_crammd5_verify(self._user, self._password, challenge)
            except (SMTPAuthenticationError, ValueError):
                return None
            self.mechanism = ""  # one answer only
            return response
        return self._answers.pop(0) if self._answers else None
