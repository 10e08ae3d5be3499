"""All scenarios, and the defects that are known: each is expected to fail until it is mended."""

from __future__ import annotations

from tests.hostile import smtp_limits, smtp_pairing, smtp_shape, smtp_text, smtp_timing, smtp_tls, smtp_words

SCENARIOS = (
    *smtp_timing.SCENARIOS,
    *smtp_limits.SCENARIOS,
    *smtp_shape.SCENARIOS,
    *smtp_pairing.SCENARIOS,
    *smtp_text.SCENARIOS,
    *smtp_tls.SCENARIOS,
    *smtp_words.SCENARIOS,
)

# Scenario id → what is wrong in the probe. An entry whose scenario passes fails the test: take it out then.
_RSET = "RSET never decides, yet the end of the stream or silence there does"
_NO_221 = "something else than a 221 came in the place of QUIT's answer, and the session is ok all the same"
_421 = "a 421 is also told as a refusal of the feature that was asked for"
_LOG = "a build system obeys ##[ ##vso[ and ##teamcity[ wherever in a line they stand"
_WRAP = "a wrapped line of the page begins with ::, which GitHub obeys behind any blanks"
_BODY = "while the message is being sent nobody listens: the end of the stream and what the server says are missed"
_ALERT = "OpenSSL's reasons for this alert do not hold the word ALERT, or Python does not know them"
KNOWN_DEFECTS: dict[str, str] = {
    "silence-rset": _RSET,
    "fin-rset": _RSET,
    "reset-rset": _RSET,
    "half-close-after-rcpt": _RSET,
    "fin-in-body": _BODY,
    "refused-in-body": _BODY,
    "421-in-body": _BODY,
    "size-superscript": "the terminal report raises ValueError for a SIZE that is str.isdigit() and no number",
    "unasked-flood-after-quit": "what nobody asked for is kept without a bound but the session's",
    "smtp-on-a-host-called-ftp": "ftp in a greeting that names ESMTP is taken for an FTP server",
    "stray-rcpt-then-fin": "RSET was answered with RCPT's 550, no 221 proves the balance, and it is ok all the same",
    "stray-dot-real-reply-cut": _NO_221,
    "quit-421": "a 421 in the place of the 221 is ok, which hides a shift",
    "stray-rcpt-then-421": "a 421 in the place of the 221 is ok, which hides a shift",
    "quit-garbage": _NO_221,
    "quit-550-cut-and-silent": _NO_221,
    "quit-two-codes": "QUIT's reply of two codes passes for a 221",
    "421-closes-help": _421,
    "421-waits-help": _421,
    "421-closes-starttls": _421,
    "421-waits-starttls": _421,
    "text-github-legacy": _LOG,
    "text-azure": _LOG,
    "text-teamcity": _LOG,
    "text-github-wrapped-50": _WRAP,
    "text-github-wrapped-54": _WRAP,
    "text-github-wrapped-58": _WRAP,
    "text-github-wrapped-62": _WRAP,
    "text-github-wrapped-66": _WRAP,
    "alert-unrecognized_name": _ALERT,
    "alert-no_application_protocol": _ALERT,
    "auth-334-without-end": "a 334 after the * that cancels AUTH is ignored, and MAIL goes out as a response",
}
