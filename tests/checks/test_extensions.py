"""data/extensions.toml: every row is sane, and the registered extensions are all there."""

from __future__ import annotations

import re

import pytest

from probe.catalog import catalog
from probe.rows import Extension

ROWS = catalog().extensions
REGISTERED = set(
    """8BITMIME ATRN AUTH BINARYMIME BURL CHECKPOINT CHUNKING CONNEG CONPERM DELIVERBY DSN ENHANCEDSTATUSCODES ETRN EXPN
    FUTURERELEASE HELP LIMITS MT-PRIORITY MTRK NO-SOLICITING ONEX PIPELINING REQUIRETLS RRVS SAML SEND SIZE SMTPUTF8
    SOML STARTTLS SUBMITTER TURN UTF8SMTP VERB""".split()
)
PARAMETERS = {
    "SIZE": ({"SIZE"}, set()),
    "8BITMIME": ({"BODY"}, set()),
    "BINARYMIME": ({"BODY"}, set()),
    "DSN": ({"RET", "ENVID"}, {"NOTIFY", "ORCPT"}),
    "AUTH": ({"AUTH"}, set()),
    "SMTPUTF8": ({"SMTPUTF8"}, set()),
    "DELIVERBY": ({"BY"}, set()),
    "FUTURERELEASE": ({"HOLDFOR", "HOLDUNTIL"}, set()),
    "MT-PRIORITY": ({"MT-PRIORITY"}, set()),
    "REQUIRETLS": ({"REQUIRETLS"}, set()),
    "RRVS": (set(), {"RRVS"}),
    "CONNEG": (set(), {"CONNEG"}),
    "PIPELINING": (set(), set()),
    "BURL": (set(), set()),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: row.keyword)
def test_every_row_is_sane(row: Extension) -> None:
    assert re.fullmatch(r"[A-Z0-9][A-Z0-9-]*", row.keyword)
    assert row.name and row.meaning.endswith(".") and row.reference
    for word in (*row.mail_parameters, *row.rcpt_parameters, *row.verbs):
        assert re.fullmatch(r"[A-Z0-9][A-Z0-9-]*", word)


def test_the_registered_extensions_are_all_there() -> None:
    assert set() == REGISTERED - set(ROWS)
    cited = {keyword for keyword, row in ROWS.items() if re.fullmatch(r"RFC \d{3,4}", row.reference)}
    assert cited >= REGISTERED - {"ONEX", "VERB"}


@pytest.mark.parametrize(("keyword", "parameters"), PARAMETERS.items())
def test_the_parameters_of_the_common_ones(keyword: str, parameters: tuple[set[str], set[str]]) -> None:
    assert parameters == (set(ROWS[keyword].mail_parameters), set(ROWS[keyword].rcpt_parameters))


def test_a_verb_belongs_to_one_extension() -> None:
    verbs = [verb for row in ROWS.values() for verb in row.verbs]
    assert len(set(verbs)) == len(verbs)
    assert {"STARTTLS", "AUTH", "BDAT", "BURL", "ETRN", "ATRN", "HELP", "EXPN", "XCLIENT", "XFORWARD"} <= set(verbs)
    assert not {"HELO", "EHLO", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "QUIT", "VRFY"} & set(verbs)
