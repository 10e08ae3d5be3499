"""Finding and judging a DKIM key. Signatures are verified in ``tests/checks/dkim``."""

from __future__ import annotations

import base64

import pytest

from probe.catalog import catalog
from probe.checks import dkim
from probe.checks.dkim import Key
from probe.model import Answer, CheckResult
from tests.checks.dkim.signed import verified
from tests.checks.fake import FakeAsker, Said, absent, check, failed, refused, run
from tests.signing import HEADERS, NOW, PLAIN, Signer

EDWARD = Signer(algorithm="ed25519-sha256")
SCENES = {
    "dkim-broken": CheckResult(
        "dkim", "shop.test", "permerror", {"keys": [{"subject": "s1", "result": "permerror", "reason": "no p"}]}
    ),
    "dkim-fail": verified(EDWARD.sign() + b"a footer\r\n"),
    "dkim-unusable": verified(EDWARD.sign(), record=absent()),
    "dkim-malformed": verified(EDWARD.sign(d="shop/test")),
    "dkim-policy": verified(EDWARD.sign(x=str(int(NOW) - 1))),
    "dkim-from-unsigned": verified(b"From: eve@evil.test\r\n" + EDWARD.sign()),
    "dkim-not-asked": verified(EDWARD.sign(), record=failed()),
    "dkim-unsigned": verified(PLAIN),
    "dkim-body-unsigned": verified(EDWARD.sign(l="10")),
    "dkim-body-length": verified(EDWARD.sign(l="54")),
    "dkim-duplicate-unsigned": verified(b"Subject: another\r\n" + EDWARD.sign()),
    "dkim-under-signed": verified(EDWARD.sign(headers=HEADERS[:3])),
    "dkim-testing": verified(EDWARD.sign(), record=EDWARD.record + "; t=y"),
    "dkim-weak-key": verified(Signer(bits=1024).sign(), Signer(bits=1024)),
}
"""For each finding of this check a result that is worth it."""


NAME = "TXT s1._domainkey.shop.example"
ED25519 = base64.b64encode(bytes(range(32))).decode()


def der(tag: int, content: bytes) -> bytes:
    size = len(content)
    digits = size.to_bytes((size.bit_length() + 7) // 8 or 1, "big")
    length = digits if size < 128 else bytes([0x80 | len(digits)]) + digits
    return bytes([tag]) + length + content


def rsa(bits: int, *, bare: bool = False) -> str:
    """A public key of that size, as SubjectPublicKeyInfo or as the bare RSAPublicKey of RFC 6376. Its modulus is no
    product of primes: nobody signs with it."""
    modulus = (1 << (bits - 1)) | 1
    integers = [der(2, number.to_bytes(number.bit_length() // 8 + 1, "big")) for number in (modulus, 65537)]
    key = der(0x30, b"".join(integers))
    if not bare:
        key = der(0x30, der(0x30, bytes.fromhex("06092a864886f70d0101010500")) + der(3, b"\0" + key))
    return base64.b64encode(key).decode()


def judge(said: Said, *, guessed: bool = False) -> CheckResult:
    return check(dkim, Key("Shop.Example.", "S1", guessed), {NAME: said})


def test_a_sound_key_is_described_and_nothing_is_verified() -> None:
    record = f"v=DKIM1; k=rsa; t=s; n=ours; x=1; p={rsa(2048)}"
    result = judge(record)
    assert (result.result, result.subject) == (None, "s1._domainkey.shop.example")
    assert dict(result.facts) == {
        "domain": "shop.example",
        "selector": "s1",
        "guessed": False,
        "verified": False,
        "reason": "not-evaluated",
        "record": record,
        "key_type": "rsa",
        "bits": 2048,
        "revoked": False,
        "testing": False,
        "same_domain": True,
        "hashes": (),
        "services": ("*",),
        "unknown_tags": ("x",),
        "warnings": (),
        "cname": None,
        "wildcard": False,
    }


@pytest.mark.parametrize("bits", [1024, 1536, 2048, 4096])
def test_both_forms_of_an_rsa_key_are_read(bits: int) -> None:
    for bare in (False, True):
        assert bits == judge(f"v=DKIM1; p={rsa(bits, bare=bare)}").facts["bits"]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ("v=DKIM1; p=", "revoked"),
        ("v=DKIM1; k=rsa; p= ; t=y", "revoked"),
        (f"v=DKIM1; p={rsa(768)}", "short-key"),
        (f"v=DKIM1; p={rsa(1023)}", "short-key"),
        ("v=DKIM1; p=AAAA", "bad-key"),
        ("v=DKIM1; p=%%%", "bad-base64"),
        (f"v=DKIM1; p={rsa(2048)[:-32]}", "bad-key"),
        ("v=DKIM1; k=rsa", "missing-p"),
        (f"v=DKIM1; k=ed25519; p={rsa(2048)}", "bad-key"),
        (f"v=DKIM1; p={ED25519}", "bad-key"),
        (f"v=DKIM1; k=dsa; p={ED25519}", "unknown-key-type"),
        (f"v=DKIM1; h=sha1; p={rsa(2048)}", "sha1-only"),
        (f"v=DKIM1; s=chat; p={rsa(2048)}", "other-service"),
        (f"v=DKIM1; p={rsa(2048)}; p={rsa(2048)}", "repeated-tag"),
        (f"v=DKIM1; p={rsa(2048)}; hello", "malformed-tag"),
        (f"k=rsa; v=DKIM1; p={rsa(2048)}", "bad-version"),
        (f"v=dkim1; p={rsa(2048)}", "bad-version"),
    ],
)
def test_a_key_with_which_nothing_verifies(record: str, reason: str) -> None:
    result = judge(record)
    assert (result.result, result.facts["reason"]) == ("permerror", reason)
    assert result.facts["revoked"] == (reason == "revoked")
    assert result.trace[-1] == f"No signature can verify with this key: {catalog().words[f'reason-{reason}']}."


@pytest.mark.parametrize(
    ("record", "warnings"),
    [
        (f"v=DKIM1; p={rsa(1024)}", {"weak-key"}),
        (f"v=DKIM1; p={rsa(8192)}", {"long-key"}),
        (f"p={rsa(2048)}", {"no-version"}),
        (f"v=DKIM1; t=y:s; p={rsa(2048)}", {"testing"}),
        (f"v=DKIM1; h=sha1:sha256; s=email; p={rsa(2048)}", {"sha1-allowed"}),
        (f"v=DKIM1; k=ed25519; p={ED25519}", set()),
        (f"v = DKIM1 ;\t p = {rsa(2048)[:64]} \t{rsa(2048)[64:]} ;", set()),
    ],
)
def test_a_usable_key_may_be_unwise(record: str, warnings: set[str]) -> None:
    result = judge(record)
    assert (result.result, set(result.facts["warnings"])) == (None, warnings)


@pytest.mark.parametrize(
    ("said", "word", "reason"),
    [
        (absent(), "none", "no-key"),
        (absent("nodata"), "none", "no-key"),
        (failed("servfail"), "temperror", "servfail"),
        (refused(), "temperror", "refused"),
        ("v=spf1 -all", "permerror", "not-a-key"),
        ([f"v=DKIM1; p={ED25519}", "v=DKIM1; p="], "permerror", "multiple-records"),
    ],
)
def test_finding_the_key(said: Said, word: str, reason: str) -> None:
    result = judge(said)
    assert (result.result, result.facts["reason"]) == (word, reason)


def test_a_wildcard_under_a_guessed_selector_is_no_broken_key() -> None:
    result = judge("v=spf1 -all", guessed=True)
    assert (result.result, result.facts["guessed"]) == ("none", True)


def test_other_texts_beside_the_key_are_told() -> None:
    result = judge([f"v=DKIM1; p={rsa(2048)}", "v=spf1 -all"])
    assert (result.result, result.facts["warnings"]) == (None, ("other-text",))


def test_a_key_behind_an_alias_says_where_it_stands() -> None:
    said = Answer("", "", "found", (f"v=DKIM1; p={rsa(2048)}",), canonical_name="s1.keys.provider.example")
    assert judge(said).facts["cname"] == "s1.keys.provider.example"


@pytest.mark.parametrize("key", [Key("shop.example", ""), Key("shop..example", "s1"), Key("shop.example", "a b")])
def test_a_name_that_can_hold_no_key_is_not_asked(key: Key) -> None:
    asker = FakeAsker({})
    result = run(dkim, key, asker)
    assert (result.result, result.facts["reason"], asker.asked) == ("none", "bad-domain", [])


def test_the_selectors_worth_a_guess_are_names_and_unique() -> None:
    assert len(catalog().selectors) > 20
    assert all(selector.isalnum() and selector.islower() for selector in catalog().selectors)
