"""Random policies over random zones: pyspf and ``check_host()`` say the same, or the difference has a reason.

Where they differ, the reason is one of ``REASONS``, each with the section of RFC 7208 that decides it; a difference
that fits none of them fails the test.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from probe.checks.spf import check_host
from probe.model import CheckResult

pytest.importorskip("spf", reason="pyspf is not installed")
from tests.checks.spf.oracle import Names, evaluated

HOSTS = [f"h{number}.test" for number in range(6)]
FOUR = ["192.0.2.1", "192.0.2.77", "198.51.100.3"]
SIX = ["2001:db8::1", "2001:db8::77", "2001:db8:9::3"]
GONE = ["gone.test", "none.h0.test"]
MACROS = [
    "%{i}.x.test", "%{ir}.%{v}.arpa", "%{l}.test", "%{lr-}.test", "%{l1r+-}.h1.test", "%{d}", "%{d2}", "%{o}", "%{h}",
    "h%{l1}.test", "%{L}.test", "%{s}.test", "%{d1r}.test", "%%.test", "%_.h2.test", "%{dr}.h3.test",
]  # fmt: skip
BROKEN = [
    "moo",
    "ip4:1.2.3",
    "ip6:192.0.2.1",
    "a:",
    "include",
    "mx/33",
    "all:x",
    "exists:%{x}.test",
    "a:%",
    "-exp=h1.test",
]

names = st.sampled_from([*HOSTS, *HOSTS, *GONE])
specs = st.one_of(names, names, st.sampled_from(MACROS))
qualifiers = st.sampled_from(["", "", "", "+", "-", "~", "?"])
cidr = st.sampled_from(["", "", "/24", "/0", "/32", "//64", "//0", "/16//48"])
mechanisms = st.one_of(
    st.builds("ip4:{}{}".format, st.sampled_from(FOUR), st.sampled_from(["", "/32", "/24", "/0"])),
    st.builds("ip6:{}{}".format, st.sampled_from(SIX), st.sampled_from(["", "/128", "/64", "/0"])),
    st.builds("{}{}".format, st.sampled_from(["a", "mx"]), cidr),
    st.builds("{}:{}{}".format, st.sampled_from(["a", "mx"]), specs, cidr),
    st.builds("include:{}".format, specs),
    st.builds("include:{}".format, st.sampled_from(HOSTS)),
    st.builds("exists:{}".format, specs),
    st.builds("ptr:{}".format, names),
    st.just("ptr"),
)
directives = st.builds("{}{}".format, qualifiers, mechanisms)
ends = st.one_of(
    st.builds("{}all".format, qualifiers),
    st.builds("redirect={}".format, specs),
    st.just(""),
)
modifiers = st.sampled_from(["", "", "", "exp=why.test", "exp=%{o}", "exp=gone.test", "x=y", "x=%{d}", "X.y-z_0="])


@st.composite
def policies(draw: st.DrawFn) -> str:
    terms = draw(st.lists(directives, max_size=5))
    terms += [draw(modifiers), draw(ends)]
    if draw(st.integers(0, 24)) == 0:
        terms.insert(draw(st.integers(0, len(terms))), draw(st.sampled_from(BROKEN)))
    return draw(st.sampled_from([" ", " ", "  "])).join(("v=spf1", *filter(None, terms)))


@st.composite
def zones(draw: st.DrawFn) -> Names:
    records: dict[tuple[str, str], tuple[str, ...]] = {}
    for host in HOSTS:
        # h4 and h5 may lack things; were all of them to, most policies would only run into the void.
        least = int(host < "h4")
        records[host, "TXT"] = tuple(draw(st.lists(policies(), min_size=least, max_size=1)))
        records[host, "A"] = tuple(draw(st.lists(st.sampled_from(FOUR), min_size=least, max_size=2, unique=True)))
        records[host, "AAAA"] = tuple(draw(st.lists(st.sampled_from(SIX), min_size=least, max_size=2, unique=True)))
        exchanges = draw(st.lists(st.sampled_from([*HOSTS, "gone.test"]), max_size=3, unique=True))
        records[host, "MX"] = tuple(f"{place} {exchange}" for place, exchange in enumerate(exchanges))
    records["h5.test", "TXT"] += draw(st.sampled_from([(), ("some text",), ("v=spf1 -all",)]))
    records["why.test", "TXT"] = (
        draw(st.sampled_from(["%{i} is not %{d}", "%{S} %{c}", "no %", "%{x}", "why.", "%{v} %{h}"])),
    )
    records["1.2.0.192.in-addr.arpa", "PTR"] = tuple(draw(st.lists(st.sampled_from(HOSTS), max_size=3, unique=True)))
    broken = draw(st.sets(st.sampled_from(["h4.test", "h3.test", "1.2.0.192.in-addr.arpa"]), max_size=1))
    return Names(records, frozenset(broken) if draw(st.booleans()) else frozenset())


Reason = Callable[[CheckResult, str, str, Names], bool]


def trivial_recursion(ours: CheckResult, theirs: str, said: str, zone: Names) -> bool:
    """An include of the domain itself is an error for pyspf wherever it stands. Section 5.2 has no such rule: it is one
    where it is reached, by the limit of section 4.6.4."""
    return theirs == "permerror" and "trivial recursion" in said


def unused_redirect(ours: CheckResult, theirs: str, said: str, zone: Names) -> bool:
    """pyspf counts a redirect before any mechanism is tried. Section 6.1: it is used only if none matches, and a term
    that is not evaluated causes no look-up (section 4.6.4)."""
    return (
        theirs == "permerror"
        and "Too many DNS lookups" in said
        and any("redirect=" in text for (_, kind), texts in zone.records.items() if kind == "TXT" for text in texts)
    )


def names_of_the_client(ours: CheckResult, theirs: str, said: str, zone: Names) -> bool:
    """Section 5.5: an error in the PTR look-up is no match, and one for a name skips that name; pyspf makes both a
    temperror. It also counts names without an address as void, which whoever owns the client's address can arrange."""
    asked = any(one.type == "PTR" for one in ours.queries)
    void = theirs == "permerror" and "Void" in said
    return asked and (void or theirs == "temperror")


def all_exchanges_first(ours: CheckResult, theirs: str, said: str, zone: Names) -> bool:
    """pyspf looks up every host of an MX before it compares; we compare host by host in their order (section 5.4), and
    so may match before a third void look-up, or before one that fails."""
    mx = any(one.type == "MX" and len(one.values) > 1 for one in ours.queries)
    return mx and ((theirs == "permerror" and "Void" in said) or theirs == "temperror")


REASONS: list[Reason] = [trivial_recursion, unused_redirect, names_of_the_client, all_exchanges_first]


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(
    zone=zones(),
    ip=st.sampled_from([*FOUR, *SIX, "::ffff:192.0.2.1"]),
    sender=st.sampled_from(["a-b+c@h0.test", "0@h0.test", "@h0.test", "", "h0.test", "A.B@H0.test"]),
    helo=st.sampled_from(["h0.test", "h1.test"]),
)
def test_both_say_the_same_or_the_difference_has_a_reason(zone: Names, ip: str, sender: str, helo: str) -> None:
    ours = asyncio.run(check_host(ip, sender, helo, zone))
    # Section 4.3: where there is no local part, it is "postmaster"; pyspf forgets that in %{s}.
    whole = sender if sender.rpartition("@")[0] or not sender else f"postmaster@{sender.removeprefix('@')}"
    theirs, explanation, said = evaluated(zone, ip, whole, helo)
    event(theirs)
    if ours.result == theirs:
        told = ours.facts["explanation"]
        assert (explanation or "").lower() == (told or "").lower()
        return
    found = [reason.__name__ for reason in REASONS if reason(ours, theirs, said, zone)]
    event(f"differs: {', '.join(found)}")
    assert found, (ours.result, ours.facts["reason"], ours.facts["term"], theirs, said)
