"""The examples of RFC 6376 appendix A and RFC 8463 appendix A, to the octet."""

from __future__ import annotations

import pytest

from probe.checks import dkim
from probe.mail.message import parse
from probe.model import CheckResult
from tests.checks.fake import check

LETTER = (
    "From: Joe SixPack <joe@football.example.com>\r\n"
    "To: Suzie Q <suzie@shopping.example.net>\r\n"
    "Subject: Is dinner ready?\r\n"
    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
    "\r\n"
    "Hi.\r\n"
    "\r\n"
    "We lost the game. Are you hungry yet?\r\n"
    "\r\n"
    "Joe.\r\n"
)
RFC_6376 = (
    "DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;\r\n"
    "      c=simple/simple; q=dns/txt; i=joe@football.example.com;\r\n"
    "      h=Received : From : To : Subject : Date : Message-ID;\r\n"
    "      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    "      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB\r\n"
    "      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut\r\n"
    "      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV\r\n"
    "      4bmp/YzhwvcubU4=;\r\n"
    "Received: from client1.football.example.com  [192.0.2.1]\r\n"
    "      by submitserver.example.com with SUBMISSION;\r\n"
    "      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)\r\n" + LETTER
)
RFC_8463 = (
    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
    " d=football.example.com; i=@football.example.com;\r\n"
    " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
    " subject : date : message-id : from : subject : date;\r\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
    " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
    " d=football.example.com; i=@football.example.com;\r\n"
    " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
    " date : message-id : from : subject : date;\r\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n"
    " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n"
    " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n" + LETTER.replace("game. Are", "game.  Are")
)
ZONE = {
    "TXT brisbane._domainkey.example.com": "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQ"
    "KBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYt"
    "IxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v"
    "/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhi"
    "tdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB",
    "TXT brisbane._domainkey.football.example.com": "v=DKIM1; k=ed25519; "
    "p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
    "TXT test._domainkey.football.example.com": "v=DKIM1; k=rsa; "
    "p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWR"
    "iGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/b"
    "yYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKr"
    "M3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K"
    "4w3QIDAQAB",
}
LATER = 1600000000.0


def verify(message: str, place: int = 0) -> CheckResult:
    return check(dkim, dkim.Signed(parse(message.encode()), place, LATER), ZONE)


def test_the_signature_of_rfc_6376() -> None:
    result = verify(RFC_6376)
    assert ("pass", None) == (result.result, result.facts["reason"])
    assert "brisbane._domainkey.example.com" == result.subject
    assert {
        "domain": "example.com",
        "selector": "brisbane",
        "identity": "joe@football.example.com",
        "algorithm": "rsa-sha256",
        "canonicalization": "simple/simple",
        "signed_headers": ("received", "from", "to", "subject", "date", "message-id"),
        "bits": 1024,
        "body_matches": True,
        "header_matches": True,
        "unsigned_octets": 0,
    }.items() <= dict(result.facts).items()


@pytest.mark.parametrize(("place", "algorithm", "bits"), [(0, "ed25519-sha256", 256), (1, "rsa-sha256", 1024)])
def test_both_signatures_of_rfc_8463(place: int, algorithm: str, bits: int) -> None:
    result = verify(RFC_8463, place)
    assert ("pass", algorithm, bits) == (result.result, result.facts["algorithm"], result.facts["bits"])
    assert ("from", "subject", "date") == result.facts["oversigned"]


@pytest.mark.parametrize(
    ("old", "new"), [("We lost", "We won"), ("dinner", "Dinner"), ("joe@", "bob@"), ("Joe.", "Joe")]
)
def test_they_fail_once_a_word_is_changed(old: str, new: str) -> None:
    head, _, letter = RFC_8463.partition("From: ")
    changed = f"{head}From: {letter.replace(old, new)}"
    assert ["fail", "fail"] == [verify(changed, place).result for place in (0, 1)]


def test_white_space_matters_to_the_simple_form_alone() -> None:
    assert "pass" == verify(RFC_8463.replace("Subject: Is", "SUBJECT:   Is").replace("Hi.", "Hi. ")).result
    assert "fail" == verify(RFC_6376.replace("Subject: Is", "Subject:  Is")).result
    assert "fail" == verify(RFC_6376.replace("Hi.", "Hi. ")).result


@pytest.mark.parametrize("end", ["\n", "\r"])
def test_a_file_that_was_saved_with_other_line_ends_verifies(end: str) -> None:
    for message in (RFC_6376, RFC_8463):
        assert "pass" == verify(message.replace("\r\n", end)).result
