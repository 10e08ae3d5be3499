"""What became of the signed fields on their way: guesses are undone, one or two at a time, until ``b=`` agrees.

Whatever is found is certain, as for the body. What a field said before can only be guessed where it is told elsewhere:
in ``z=``, in a field that kept the old value, or where the usual change can be undone. The work is bounded by
``_MOST_TRIES`` and ``_BUDGET`` octets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from probe.checks.dkim.changes import Change
from probe.checks.dkim.signature import Signature
from probe.checks.dkim.verify import Verifier, chosen, header_octets
from probe.mail.canonical import HEADER
from probe.mail.message import Field, Message, field
from probe.text import show

_BUDGET = 8 * 1024 * 1024
_MOST_TRIES = 400
_MOST_INSTANCES = 5
_LONGEST_FIELD = 64 * 1024
_SHOWN = 120
# Where those who rewrite a From field keep the old one.
_KEPT = ("x-original-from", "original-from", "x-google-original-from", "reply-to")
_TAG = re.compile(
    rb"([ \t]*(?:Re:[ \t]*)?)(?:\[[^\[\]\r\n]{1,80}\]|\([^()\r\n]{1,80}\)|\*{3,}[^*\r\n]{1,60}\*{3,})[ \t]*", re.I
)
_FOLD = re.compile(rb"\r\n[ \t]+")
_WORD = re.compile(rb"=\?[^?\s]{1,40}\?[BbQq]\?[^?\s]{0,200}\?=")
_ENCODINGS = (b"7bit", b"8bit", b"quoted-printable", b"base64", b"binary")


@dataclass(frozen=True)
class _Swap:
    """The field at one place of ``h=``, as it may have been; None for "not there"."""

    place: int
    before: Field | None
    change: Change


def explain(message: Message, signature: Signature, verify: Verifier) -> tuple[Change, ...]:
    """The changes that explain why the header does not agree with ``b=``; none where no guess fits."""
    fields = chosen(message, signature)
    tries, budget = _MOST_TRIES, _BUDGET

    def agrees(guess: Sequence[Field | None], form: str = signature.header_form) -> bool:
        nonlocal tries, budget
        size = len(signature.field.raw) + sum(len(one.raw) for one in guess if one is not None)
        tries, budget = tries - 1, budget - size
        if tries < 0 or budget < 0:
            return False
        signed = signature if form == signature.header_form else replace(signature, header_form=form)
        return verify(header_octets(guess, signed))

    other = "simple" if signature.header_form == "relaxed" else "relaxed"
    if agrees(fields, other):
        return (Change("other-canonicalization", "header"),)
    for change, guess in _all_at_once(fields, signature):
        if agrees(guess):
            return (change,)
    copied = [*_from_copies(fields, signature)]
    if copied and agrees(_undone(fields, copied)):
        return tuple(swap.change for swap in copied)
    swaps = [*copied, *_swaps(message, fields, signature)]
    for count in (1, 2):
        for picked in combinations(swaps, count):
            if len({swap.place for swap in picked}) == count and agrees(_undone(fields, picked)):
                return tuple(swap.change for swap in picked)
            if tries < 0 or budget < 0:
                return ()
    return ()


def differing_copies(message: Message, signature: Signature) -> tuple[Change, ...]:
    """The signed fields that are not as ``z=`` says they were: what the signer saw, proved or not."""
    return tuple(swap.change for swap in _from_copies(chosen(message, signature), signature))


def _undone(fields: Sequence[Field | None], swaps: Sequence[_Swap]) -> list[Field | None]:
    before = list(fields)
    for swap in swaps:
        before[swap.place] = swap.before
    return before


def _all_at_once(fields: Sequence[Field | None], signature: Signature) -> Iterator[tuple[Change, list[Field | None]]]:
    """A relay that folds anew does it to every field; only the simple form minds (RFC 6376 section 3.4.1)."""
    if signature.header_form != "simple":
        return
    change = Change("header-refolded", "header")
    if not all(one is None or _small(one) for one in fields):
        return
    for fold in (b" ", b"\r\n ", b"\r\n\t"):
        yield change, [None if one is None else field(_FOLD.sub(fold, one.raw.removesuffix(b"\r\n"))) for one in fields]
    for old, new in ((b"\r\n\t", b"\r\n "), (b"\t", b" ")):
        yield change, [None if one is None else field(one.raw.replace(old, new)) for one in fields]


def _from_copies(fields: Sequence[Field | None], signature: Signature) -> Iterator[_Swap]:
    left = [(name.lower(), name, value) for name, value in signature.copied]
    for place, (name, now) in enumerate(zip(signature.headers, fields, strict=True)):
        copy = next((one for one in left if one[0] == name), None)
        if copy is None:
            continue
        left.remove(copy)
        before = field(copy[1].encode("utf-8", "surrogateescape") + b":" + copy[2])
        if not before.name or (now is not None and _same(before, now)):
            continue
        about = {"before": _shown(before), "now": _shown(now) if now is not None else None}
        yield _Swap(place, before, Change("header-changed" if now is not None else "header-removed", name, about))


def _swaps(message: Message, fields: Sequence[Field | None], signature: Signature) -> Iterator[_Swap]:
    """Every guess at every field, the likely ones first."""
    places = [(place, one) for place, one in enumerate(fields) if one is not None and _small(one)]
    for place, one in places:
        yield from _rewritten(message, place, one)
    for place, one in places:
        # Oversigned, or signed as absent, and added since.
        yield _Swap(place, None, Change("header-added", one.name, {"now": _shown(one)}))
    for place, one in places:
        for instance in message.all(one.name)[:_MOST_INSTANCES]:
            if instance is not one:
                yield _Swap(place, instance, Change("header-duplicated", one.name, {"now": _shown(one)}))
    for place, one in places:
        for before in (*_recoded(one), *_respaced(one, signature)):
            yield _Swap(place, before, Change("header-recoded", one.name, {"now": _shown(one)}))


def _rewritten(message: Message, place: int, one: Field) -> Iterator[_Swap]:
    if one.name == "subject":
        yield from _untagged(place, one)
    elif one.name == "from":
        for kept in (field for name in _KEPT for field in message.all(name)[:1]):
            before = field(one.raw[: one.colon + 1] + kept.value)
            yield _Swap(place, before, Change("from-rewritten", "from", {"before": _shown(kept), "now": _shown(one)}))
    elif one.name == "content-transfer-encoding":
        for encoding in _ENCODINGS:
            before = field(one.raw[: one.colon + 1] + b" " + encoding)
            about = {"before": encoding.decode("ascii"), "now": _shown(one)}
            yield _Swap(place, before, Change("header-changed", one.name, about))


def _untagged(place: int, one: Field) -> Iterator[_Swap]:
    """The subject without a tag in front of it, as lists and gateways put there: "[list] …", "[EXTERNAL] …"."""
    found = _TAG.match(one.value)
    if found is None:
        return
    rest, tag = one.value[found.end() :], _shown_octets(found[0])
    for lead in dict.fromkeys((found[1] or b" ", b" ", b"", b" Re: ")):
        before = field(one.raw[: one.colon + 1] + lead + rest)
        yield _Swap(place, before, Change("subject-tagged", "subject", {"tag": tag}))


def _recoded(one: Field) -> Iterator[Field]:
    """Encoded words (RFC 2047) put in the place of the characters themselves, or the other way round."""
    name = one.raw[: one.colon + 1]
    value = _FOLD.sub(b" ", one.value)
    if _WORD.search(value):
        from email.header import decode_header, make_header

        try:
            text = str(make_header(decode_header(value.decode("ascii", "surrogateescape").strip())))
            yield field(name + b" " + text.encode("utf-8", "surrogateescape"))
        except Exception:  # whatever the words hold, they cannot be decoded
            return
    elif not value.isascii():
        from email.charset import BASE64, QP, Charset
        from email.header import Header

        for encoding in (BASE64, QP):
            charset = Charset("utf-8")
            charset.header_encoding = encoding
            try:
                words = Header(value.decode("utf-8").strip(), charset, maxlinelen=998).encode()
            except Exception:
                return
            yield field(name + b" " + words.encode("ascii", "replace"))


def _respaced(one: Field, signature: Signature) -> Iterator[Field]:
    """White space and quotation marks, which relays like to set right."""
    name, value = one.raw[: one.colon + 1], one.value
    if b'"' in value:
        yield field(name + value.replace(b'"', b""))
    elif one.name in ("from", "to", "cc", "reply-to", "sender") and b"<" in value:
        words, _, rest = value.strip(b" ").partition(b"<")
        yield field(name + b' "' + words.strip(b" ") + b'" <' + rest)
    if b"<" not in value and one.name in ("from", "to", "cc", "reply-to", "sender", "message-id"):
        yield field(name + b" <" + value.strip(b" ") + b">")
    elif value.strip(b" ").startswith(b"<"):
        yield field(name + b" " + value.strip(b" ")[1:].replace(b">", b"", 1))
    yield field(name + b" " + value.replace(b",", b", ").replace(b",  ", b", "))
    if signature.header_form == "simple":
        for fold in (b",\r\n\t", b",\r\n "):
            yield field(name + value.replace(b", ", fold))
        yield field(name + value.lstrip(b" \t"))
        yield field(name + b" " + value.strip(b" \t"))
        yield field(name + _FOLD.sub(b" ", value))


def _small(one: Field) -> bool:
    return len(one.raw) <= _LONGEST_FIELD


def _same(one: Field, other: Field) -> bool:
    """Whether two fields are the same in the relaxed form."""
    relaxed = HEADER["relaxed"]
    return relaxed(one.raw) == relaxed(other.raw)


def _shown(one: Field) -> str:
    return _shown_octets(one.value)


def _shown_octets(octets: bytes) -> str:
    text = octets.replace(b"\r\n", b"").decode("utf-8", "surrogateescape").strip(" \t")
    return show(text[:_SHOWN]) + ("…" if len(text) > _SHOWN else "")
