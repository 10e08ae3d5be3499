"""Any two codes can be compared."""

import pytest

from probe.catalog import catalog
from probe.errors import UsageError
from probe.replies.comparison import compare

FACTS = catalog()


def test_known_pair_in_either_order() -> None:
    forth, back = compare("214", "554", facts=FACTS), compare("554", "214", facts=FACTS)
    assert "214 answers HELP" in forth.difference == back.difference
    assert (forth.a.code, forth.b.code) == (214, 554)
    assert (back.a.code, back.b.code) == (554, 214)
    assert forth.both != ""


def test_composed_pair_names_classes_and_commands() -> None:
    both = compare("251", "556", facts=FACTS)
    assert "251 is of the class Positive Completion, 556 of the class Permanent Negative Completion." in both.difference
    assert "Both may answer RCPT" in both.which


def test_composed_pair_without_a_common_command() -> None:
    assert "No standard allows both" in compare("221", "354", facts=FACTS).which


@pytest.mark.parametrize(
    ("a", "b"),
    [("554", "5.7.1"), ("5.1.1", "5.7.1"), ("599", "554"), ("4.9.1", "5.7.999"), ("2.0.0", "599"), ("555", "252")],
)
def test_every_pair_has_sentences(a: str, b: str) -> None:
    both = compare(a, b, facts=FACTS)
    assert a in both.difference
    assert b in both.difference
    assert both.which.strip().endswith(".")


def test_equal_codes() -> None:
    assert compare("554", "554", facts=FACTS).difference == "None: 554 is the same code on both sides."


def test_basic_and_enhanced() -> None:
    assert "One is a basic code, the other an enhanced code" in compare("550", "5.1.1", facts=FACTS).difference


def test_no_code() -> None:
    with pytest.raises(UsageError):
        compare("214", "abc", facts=FACTS)
