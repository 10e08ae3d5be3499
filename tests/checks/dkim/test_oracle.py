"""dkimpy beside us: what it signs verifies here, what is changed fails, and both say the same of random messages.

Two differences are meant, and kept out of what is drawn: dkimpy takes a CR at the ends of a field for white space, and
leaves white space at the end of a body alone where no line end follows.
"""

from __future__ import annotations

import dkim as dkimpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from probe.mail.canonical import BODY, HEADER
from tests.checks.dkim.signed import EDWARD, verified
from tests.signing import Signer

FORMS = st.sampled_from([b"simple", b"relaxed"])
# Names that dkimpy will sign, and values and lines of what canonicalisation is about.
NAMES = st.sampled_from([b"From", b"Subject", b"To", b"X-Note", b"reply-to", b"DATE", b"Cc"])
PIECES = st.sampled_from(
    [b"a", b"B", b" ", b"  ", b"\t", b"\r\n ", b"\r\n\t", b":", b";", b"=", b"\xc3\xa4", b".", b"<x@y.test>"]
)
VALUES = st.lists(PIECES, max_size=8).map(b"".join)
LINES = st.sampled_from(
    [b"", b" ", b"\t", b"a", b"a ", b"a  b", b" a\t", b"--", b"-- ", b".", b"From x", b"\xff", b"a\rb", b"\0"]
)
BODIES = st.builds(
    lambda lines, end: b"\r\n".join(lines).rstrip(b" \t") + end,
    st.lists(LINES, max_size=8),
    st.sampled_from([b"", b"\r\n", b" \r\n", b"\r\n\r\n"]),
)


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    fields = draw(st.lists(st.tuples(NAMES, VALUES), max_size=6))
    fields.insert(draw(st.integers(0, len(fields))), (b"From", b" Ann <ann@shop.test>"))
    head = b"".join(name + b":" + value.rstrip(b"\r\n\t ") + b"\r\n" for name, value in fields)
    return head + b"\r\n" + draw(BODIES)


def by_dkimpy(message: bytes, signer: Signer = EDWARD) -> bool:
    record = signer.record.encode()
    try:
        return bool(dkimpy.DKIM(message).verify(dnsfunc=lambda name, timeout=5: record))
    except dkimpy.DKIMException:
        return False


SMALL = Signer(bits=1024)
LATER = 4e9  # dkimpy signs at the time of this machine


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=150)
@given(message=messages(), forms=st.tuples(FORMS, FORMS), length=st.booleans())
def test_what_dkimpy_signs_verifies_here(message: bytes, forms: tuple[bytes, bytes], length: bool) -> None:
    field = dkimpy.DKIM(message).sign(b"s1", b"shop.test", SMALL.private_key, canonicalize=forms, length=length)
    result = verified(field + message, SMALL, now=LATER)
    # dkimpy signs one From more than there is; a second one in the message is one that was signed.
    assert ("pass", None) == (result.result, result.facts["reason"])
    assert "fail" == verified(field + message.replace(b"Ann <ann", b"Eve <ann"), SMALL, now=LATER).result


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=150)
@given(
    message=messages(),
    at=st.integers(0, 400),
    octet=st.sampled_from([b"", b"x", b" ", b"\r\n", b"\t", b":"]),
    data=st.data(),
)
def test_both_say_the_same_of_a_changed_message(message: bytes, at: int, octet: bytes, data: st.DataObject) -> None:
    forms = (data.draw(FORMS), data.draw(FORMS))
    signed = dkimpy.DKIM(message).sign(b"s1", b"shop.test", SMALL.private_key, canonicalize=forms) + message
    start = signed.index(b"\r\nFrom") if b"\r\nFrom" in signed else 0
    place = min(len(signed), start + 2 + at)
    changed = signed[:place] + octet + signed[place + (1 if octet != b"\r\n" else 0) :]
    ours = verified(changed, SMALL, now=LATER)
    theirs = by_dkimpy(changed, SMALL)
    if theirs != (ours.result == "pass"):
        explain(changed, theirs, ours.result)


def explain(message: bytes, theirs: bool, ours: str | None) -> None:
    """The differences that are meant: dkimpy gives up where a line of the header is no field, which to us is part of no
    signature; and see above."""
    head, _, body = message.partition(b"\r\n\r\n")
    names = [line.partition(b":") for line in head.split(b"\r\n") if line[:1] not in (b" ", b"\t")]
    strays = [name for name, colon, _ in names if not colon or not name or b" " in name or b"\t" in name]
    blank = body.endswith((b" ", b"\t"))
    assert (strays or blank) and not theirs and ours == "pass", (message, theirs, ours)


@given(body=BODIES)
def test_both_canonicalise_bodies_alike(body: bytes) -> None:
    for name, form in ((b"simple", "simple"), (b"relaxed", "relaxed")):
        policy = dkimpy.CanonicalizationPolicy.from_c_value(name + b"/" + name)
        assert policy.canonicalize_body(body) == BODY[form](body)


@given(name=NAMES, value=VALUES)
def test_both_canonicalise_fields_alike(name: bytes, value: bytes) -> None:
    value = value.rstrip(b"\r\n\t ") + b"\r\n"
    policy = dkimpy.CanonicalizationPolicy.from_c_value(b"relaxed/relaxed")
    theirs = b":".join(policy.canonicalize_headers([[name, value]])[0])
    assert theirs == HEADER["relaxed"](name + b":" + value)
