"""MX records as DNS shows them, in the order of a sender."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from probe.exchanges import Exchanges, read_mx


def test_the_best_comes_first_and_ties_keep_their_order() -> None:
    said = ("20 c.example", "10 b.example.", "10 A.example")
    assert read_mx(said) == Exchanges(((10, "b.example"), (10, "a.example"), (20, "c.example")))


def test_a_null_mx_is_no_host_and_told_apart_from_nothing() -> None:
    assert read_mx(["0 ."]) == Exchanges(null=True)
    assert read_mx(["0 "]) == Exchanges(null=True)
    assert read_mx([]) == Exchanges()
    assert read_mx(["0 .", "10 a.example"]) == Exchanges(((10, "a.example"),), null=True)


def test_what_can_be_no_host_is_kept_as_it_was() -> None:
    said = ("10 203.0.113.7", "10 a b.example", "x mx.example", "10 a..example", r"10 a\\.b.example")
    assert read_mx(said) == Exchanges(unusable=said)


@given(st.lists(st.text()))
def test_any_text_is_survived(values: list[str]) -> None:
    read = read_mx(values)
    assert len(read.exchanges) + len(read.unusable) <= len(values)
