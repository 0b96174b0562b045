"""When two labels mean the same: endpoints, populations, arms.

Papers print one thing under several names. Two labels are one where the same words are left after case, hyphens, footnote
marks, common words and known abbreviations are set aside; nothing is matched by likeness.

Examples
--------
>>> words("Overall survival") == words("OS")
True
>>> arm_key("TACE + CRT") == arm_key("TACE+CRT") == arm_key("tace_crt")
True
>>> split_endpoint("Cause of liver disease: Alcohol")
('Cause of liver disease', 'Alcohol')
"""

import functools
import re

EVERYBODY = "everybody"
"""The key of both arms together."""

_PHRASES = (
    (r"progression[- ]free[- ]survival", "pfs"),
    (r"disease[- ]free[- ]survival", "dfs"),
    (r"recurrence[- ]free[- ]survival|relapse[- ]free[- ]survival", "rfs"),
    (r"event[- ]free[- ]survival", "efs"),
    (r"overall[- ]survival", "os"),
    (r"time to (?:tumou?r )?progression|freedom from progression", "ttp"),
    (r"adverse[- ]events?|\baes\b", "ae"),
    (r"inten(?:tion|t)[- ]to[- ]treat(?:ment)?", "itt"),
    (r"per[- ]protocol", "pp"),
    (r"propensity[- ]score", "ps"),
    (r"haem", "hem"),
    (r"oe", "e"),
)
_COMMON = {"the", "of", "a", "an", "and", "with", "in", "for", "related", "rate", "rates", "patients", "participants", "population", "analysis", "set"}
_GLOSS = re.compile(r"\(\s*[<>≤≥]\s*\d+\s*(?:d|days?|w|wks?|weeks?|mo|months?|y|yrs?|years?)\s*\)")
_TOTAL = re.compile(r"^(?:grand\s+)?(?:total|overall|all|any)\b", re.IGNORECASE)
_EVERYBODY = {"both", "botharms", "all", "allpatients", "global", "overall", "total", "entirepopulation", "wholepopulation", "everybody"}
_VERSUS = re.compile(r"\s+(?:vs?\.?|versus|over|against)\s+", re.IGNORECASE)
_UNADJUSTED = {"", "none", "no", "unadjusted", "crude", "univariate", "univariable", "-"}
COMPOSITE = {"pfs": "ttp"}
"""Endpoints that count deaths, with the one that counts the same events without them."""

DEATHS_COUNT = {"pfs", "dfs", "rfs", "efs", "os"}
"""Endpoints at which a death is an event."""


@functools.cache
def words(text):
    """Give the set of words that tell a label from another.

    Parameters
    ----------
    text : str

    Returns
    -------
    frozenset of str
    """
    plain = _GLOSS.sub(" ", text.casefold())
    for pattern, short in _PHRASES:
        plain = re.sub(pattern, short, plain)
    found = re.findall(r"[^\W_]+", plain)
    return frozenset(word for word in found if word not in _COMMON) or frozenset(found)


def gloss(text):
    """Give the span of time a label names in brackets, as ``(>90 d)``, without blanks; else nothing."""
    found = _GLOSS.search(text.casefold())
    return re.sub(r"\s", "", found.group()) if found else ""


def split_endpoint(text):
    """Part ``whole: part`` into the two; the part is empty where there is none."""
    whole, _, part = text.partition(":")
    return whole.strip(), part.strip()


def is_total(part):
    """Whether the name of a table's row says that it is the sum of the others."""
    return bool(_TOTAL.match(part))


def arm_key(text):
    """Give what tells an arm: letters and digits, or `EVERYBODY`."""
    plain = "".join(re.findall(r"[^\W_]+", text.casefold()))
    return EVERYBODY if plain in _EVERYBODY else plain


def split_arms(text):
    """Part ``A vs B`` into treatment and reference; the latter is empty where one arm is named."""
    treatment, *rest = _VERSUS.split(text.strip(), maxsplit=1)
    return treatment.strip(), rest[0].strip() if rest else ""


def adjustment_key(text):
    """Give what tells an adjustment; unadjusted is the empty set."""
    return frozenset() if text.strip().casefold() in _UNADJUSTED else words(text)
