"""What was typed after sender becomes a domain, an address or a mailbox, or one clear line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.errors import TargetError
from probe.sending.subject import Subject, read_subject


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Shop.Test.", Subject("domain", "Shop.Test.", "shop.test", mail_from="postmaster@shop.test")),
        ("ann@shop.test", Subject("mailbox", "ann@shop.test", "shop.test", mail_from="ann@shop.test")),
        ("203.0.113.7", Subject("address", "203.0.113.7", address="203.0.113.7")),
        ("[203.0.113.7]", Subject("address", "[203.0.113.7]", address="203.0.113.7")),
        ("2001:DB8::7", Subject("address", "2001:DB8::7", address="2001:db8::7")),
        ("[IPv6:2001:db8::7]", Subject("address", "[IPv6:2001:db8::7]", address="2001:db8::7")),
        ("::ffff:203.0.113.7", Subject("address", "::ffff:203.0.113.7", address="203.0.113.7")),
        ("a@bücher.test", Subject("mailbox", "a@bücher.test", "xn--bcher-kva.test", mail_from="a@xn--bcher-kva.test")),
    ],
)  # fmt: skip
def test_subjects(typed: str, expected: Subject) -> None:
    assert expected == read_subject(typed)


@pytest.mark.parametrize("typed", ["", "localhost", "bad domain", "@shop.test", "a@b@", "x" * 300 + ".test", "\x1b[2J"])
def test_what_is_none(typed: str) -> None:
    with pytest.raises(TargetError) as raised:
        read_subject(typed)
    assert "is no domain, address or mailbox" in str(raised.value)
    assert str(raised.value).isprintable()


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(typed: str) -> None:
    try:
        one = read_subject(typed)
    except TargetError:
        return
    assert (one.domain is None) != (one.address is None)
