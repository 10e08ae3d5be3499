"""Reading and judging a signature, tag by tag (RFC 6376 sections 3.5 and 6.1)."""

from __future__ import annotations

from typing import Any

import pytest

from probe.checks import dkim
from probe.checks.dkim.key import _NOBODY
from probe.mail.message import parse
from tests.checks.dkim.signed import EDWARD, verified
from tests.checks.fake import Said, absent, check, failed, refused
from tests.checks.test_dkim import rsa
from tests.signing import HEADERS, NOW, PLAIN, Signer


def judged(message: bytes, **more: Any) -> tuple[str | None, str | None]:
    result = verified(message, **more)
    return result.result, result.facts["reason"]


@pytest.mark.parametrize("c", ["simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"])
@pytest.mark.parametrize("algorithm", ["rsa-sha256", "ed25519-sha256"])
def test_every_form_and_algorithm_verifies(c: str, algorithm: str) -> None:
    signer = Signer(algorithm=algorithm)
    assert ("pass", None) == judged(signer.sign(c=c), signer=signer)


@pytest.mark.parametrize(
    ("c", "form"), [(None, "simple/simple"), ("relaxed", "relaxed/simple"), ("simple", "simple/simple")]
)
def test_what_c_leaves_out_is_simple(c: str | None, form: str) -> None:
    result = verified(EDWARD.sign(c=form).replace(f"c={form}; ".encode(), f"c={c}; ".encode() if c else b""))
    assert form == result.facts["canonicalization"]


@pytest.mark.parametrize(
    ("tags", "word", "reason"),
    [
        ({"v": None}, "neutral", "missing-tag"),
        ({"a": None}, "neutral", "missing-tag"),
        ({"bh": None}, "neutral", "missing-tag"),
        ({"d": None}, "neutral", "missing-tag"),
        ({"h": None}, "neutral", "missing-tag"),
        ({"s": None}, "neutral", "missing-tag"),
        ({"v": "2"}, "neutral", "bad-version"),
        ({"a": "rsa-md5"}, "neutral", "unknown-algorithm"),
        ({"c_": "nowsp/simple"}, "neutral", "unknown-canonicalization"),
        ({"bh": "%%%"}, "neutral", "not-base64"),
        ({"d": "shop..test"}, "neutral", "bad-domain"),
        ({"s": "a/b"}, "neutral", "bad-domain"),
        ({"l": "many"}, "neutral", "bad-number"),
        ({"t": "-1"}, "neutral", "bad-number"),
        ({"x": "1e9"}, "neutral", "bad-number"),
        ({"q": "ldap"}, "neutral", "unknown-query"),
        ({"h": "To:Subject"}, "permerror", "from-not-signed"),
        ({"i": "ann@other.test"}, "permerror", "identity-outside"),
        ({"i": "ann@evilshop.test"}, "permerror", "identity-outside"),
        ({"i": "shop.test"}, "permerror", "identity-outside"),
        ({"t": "1795760000", "x": "1795750000"}, "permerror", "expires-before-signed"),
        ({"x": str(int(NOW) - 1)}, "policy", "expired"),
        ({"t": str(int(NOW) + 86400)}, "policy", "signed-in-future"),
    ],
)
def test_a_tag_that_is_wrong(tags: dict[str, str | None], word: str, reason: str) -> None:
    c = tags.pop("c_", None)
    message = EDWARD.sign(**tags)  # type: ignore[arg-type]
    if c:
        message = message.replace(b"c=relaxed/relaxed", f"c={c}".encode())
    assert (word, reason) == judged(message)


@pytest.mark.parametrize(
    "tags",
    [
        {"i": "ann@shop.test"},
        {"i": "@mail.shop.test"},
        {"i": "ANN@Mail.SHOP.test"},
        {"q": "dns/txt"},
        {"q": "http : dns/txt"},
        {"t": "1795760000", "x": "1795790000"},
        {"t": str(int(NOW) + 60)},
        {"n": "an unknown tag"},
        {"l": "54"},
    ],
)
def test_a_tag_that_is_right(tags: dict[str, str]) -> None:
    assert ("pass", None) == judged(EDWARD.sign(**tags))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"v=1;", b"v=1; v=1;", "repeated-tag"),
        (b"v=1;", b"v=1; hello;", "malformed-tag"),
        (b"v=1;", b"v=1; =x;", "malformed-tag"),
        (b"; b=", b"; b=%", "not-base64"),
    ],
)
def test_a_field_that_is_no_tag_list(old: bytes, new: bytes, reason: str) -> None:
    assert ("neutral", reason) == judged(EDWARD.sign().replace(old, new, 1))


def test_white_space_and_folds_inside_a_signature_are_nothing() -> None:
    message = EDWARD.sign(h=" From :\r\n\tTo : Subject", headers=("From", "To", "Subject"))
    head, _, signature = message.partition(b"; b=")
    line, _, rest = signature.partition(b"\r\n")
    folded = b"\r\n\t".join(line[at : at + 20] for at in range(0, len(line), 20))
    assert ("pass", None) == judged(head + b"; b=\r\n " + folded + b"\r\n" + rest)


@pytest.mark.parametrize(
    ("record", "word", "reason"),
    [
        (absent(), "permerror", "no-key"),
        (absent("nodata"), "permerror", "no-key"),
        (failed("servfail"), "temperror", "servfail"),
        (failed(), "temperror", "timeout"),
        (refused(), "temperror", "refused"),
        ("v=DKIM1; p=", "permerror", "revoked"),
        ("v=spf1 -all", "permerror", "not-a-key"),
        ([EDWARD.record, EDWARD.record + "; n=2"], "permerror", "multiple-records"),
        (EDWARD.record + "; s=chat", "permerror", "other-service"),
        (EDWARD.record + "; s=email", "pass", None),
        (EDWARD.record + "; h=sha1", "permerror", "sha1-only"),
        (EDWARD.record + "; h=sha1:sha256", "pass", None),
        (EDWARD.record + "; t=s", "permerror", "t-s"),
        (EDWARD.record + "; t=y", "pass", None),
        (EDWARD.record.replace("v=DKIM1; ", ""), "pass", None),
        (Signer().record, "permerror", "key-type-differs"),
        (EDWARD.record.replace("k=ed25519", "k=rsa"), "permerror", "bad-key"),
    ],
    ids=lambda value: "" if isinstance(value, (str, list)) and "p=" in str(value) else None,
)
def test_the_key_decides(record: Said, word: str, reason: str | None) -> None:
    assert (word, reason) == judged(EDWARD.sign(i="@mail.shop.test"), record=record)


def test_a_key_for_its_own_domain_alone_is_fine_with_its_own_domain() -> None:
    assert ("pass", None) == judged(EDWARD.sign(i="ann@shop.test"), record=EDWARD.record + "; t=s")


def test_sha1_is_computed_and_not_believed() -> None:
    signer = Signer(algorithm="rsa-sha1")
    result = verified(signer.sign(), signer)
    assert ("permerror", "sha1") == (result.result, result.facts["reason"])
    assert (True, True) == (result.facts["body_matches"], result.facts["header_matches"])
    assert ("fail", "body-changed") == judged(signer.sign() + b"more\r\n", signer=signer)


def test_short_keys_are_not_believed() -> None:
    signer = Signer(bits=1024)
    assert ("pass", None) == judged(signer.sign(), signer=signer)
    assert ("permerror", "short-key") == judged(signer.sign(), signer=signer, record=f"v=DKIM1; p={rsa(768)}")


# --- what is signed and what is not


def test_fields_that_nobody_signed_are_named() -> None:
    facts = verified(EDWARD.sign(headers=("From", "Date"))).facts
    assert ("subject", "message-id", "to", "mime-version", "content-type") == facts["unsigned"]
    assert () == verified(EDWARD.sign()).facts["unsigned"]


def test_oversigning_keeps_a_second_field_out() -> None:
    message = EDWARD.sign(headers=(*HEADERS, "From", "Subject"))
    assert ("from", "subject") == verified(message).facts["oversigned"]
    assert ("fail", "header-changed") == judged(b"Subject: another\r\n" + message)
    assert ("fail", "header-changed") == judged(b"From: eve@evil.test\r\n" + message)


def test_a_second_from_that_is_not_signed_is_not_believed() -> None:
    """RFC 6376 section 8.15: the signature agrees with the lower one, and a reader sees the upper one."""
    result = verified(b"From: eve@evil.test\r\n" + EDWARD.sign())
    assert ("policy", "unsigned-from", ("from",)) == (
        result.result,
        result.facts["reason"],
        result.facts["unsigned_duplicates"],
    )


def test_a_second_subject_is_told() -> None:
    result = verified(b"Subject: another\r\n" + EDWARD.sign())
    assert ("pass", ("subject",)) == (result.result, result.facts["unsigned_duplicates"])


def test_what_follows_l_is_not_signed() -> None:
    result = verified(EDWARD.sign(l="54") + b"Buy now!\r\n")
    assert ("pass", 54, 64, 10) == (
        result.result,
        result.facts["body_length"],
        result.facts["body_octets"],
        result.facts["unsigned_octets"],
    )
    assert ("fail", "body-changed") == judged(EDWARD.sign(l="54").replace(b"Hello", b"Hallo"))


def test_each_signature_has_its_own_result() -> None:
    other = Signer("mail.test", "m1", "ed25519-sha256")
    message = EDWARD.sign(other.sign().replace(b"; d=mail.test", b"; d=mail2.test"))
    assert ("pass", None) == judged(message, place=0)
    assert ("permerror", "no-key") == judged(message, place=1)
    assert ("none", "no-signature") == judged(message, place=2)


def test_a_domain_beyond_ascii_is_asked_for_by_its_a_labels() -> None:
    signer = Signer("bücher.test", "s1", "ed25519-sha256")
    ascii_only = Signer("xn--bcher-kva.test", "s1", "ed25519-sha256")
    result = verified(signer.sign(), ascii_only)
    assert ("pass", "xn--bcher-kva.test") == (result.result, result.facts["domain"])


@pytest.mark.parametrize(("elsewhere", "wildcard"), [("v=spf1 -all", True), ("v=spf1 ~all", False), (absent(), False)])
def test_a_wildcard_is_told_from_a_key(elsewhere: Said, wildcard: bool) -> None:
    """A text that stands under every name is nobody's key: one more question tells."""
    nobody = f"TXT {_NOBODY}._domainkey.shop.test"
    zone = {EDWARD.name: "v=spf1 -all", nobody: elsewhere}
    result = check(dkim, dkim.Signed(parse(EDWARD.sign()), 0, NOW), zone)
    assert ("permerror", "not-a-key", wildcard) == (result.result, result.facts["reason"], result.facts["wildcard"])
    assert 2 == len(result.queries)


def test_a_signature_over_other_signatures_does_not_mean_itself() -> None:
    """It was not there when it was made: the mention beyond the last one means nothing."""
    other = Signer("mail.test", "m1", "ed25519-sha256").sign()
    names = (*HEADERS, "DKIM-Signature", "DKIM-Signature")
    assert ("pass", None) == judged(EDWARD.sign(headers=names))
    assert ("pass", None) == judged(EDWARD.sign(other, headers=names))
    assert ("fail", "header-changed") == judged(EDWARD.sign(other, headers=names).replace(b"s=m1", b"s=m2"))


def test_a_message_without_a_body_is_signed_as_one() -> None:
    head = PLAIN.partition(b"\r\n\r\n")[0] + b"\r\n"
    for c in ("simple/simple", "relaxed/relaxed"):
        assert ("pass", None) == judged(EDWARD.sign(head + b"\r\n", c=c))
        assert ("pass", None) == judged(EDWARD.sign(head, c=c))
