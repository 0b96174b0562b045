"""Agree on the spelling of a name that was read twice: beside its curve or key, and in the table of numbers at risk."""

import re
from collections import defaultdict
from dataclasses import replace

from ipdrecon.figure.at_risk.ties import name_likeness
from ipdrecon.figure.text import read_line
from ipdrecon.model import Box
from ipdrecon.named_size import without_size

_ALIKE, _LEAST_ALIKE = 0.75, 0.5
_SURE_READING = 0.85
_LEAST_SHARE = 0.55
_HEIGHTS_PX = (40, 56)
_MARKS = re.compile(r"[HITLAilt+|x×X41†\W]{1,8}")
_NUMERAL = re.compile(r"(.*?[\s=:_-])([IVXl1|]+)")
_ZERO_FIRST = re.compile(r"(?<![\w.,])0(?!(?:mg|mcg|ug|ng|pg|ml|kg|cm|mm|mo|yr|wk|st|nd|rd|th)\b)(?=[a-z]{2})")
_ZERO_WITHIN = re.compile(r"(?<=[a-zA-Z])0(?=[a-z]{2})|(?<=[a-z]{2})0(?=[a-z])")
_TIMES = re.compile(r"×(?=\s*[<>=≤≥])|(?<=[<>=≤≥])×|(?<=[<>=≤≥]\s)×")  # nothing is multiplied beside a comparison
_AFTER_PERCENT = re.compile(r"(?<=\d%)[\doO](?!\w)")  # the second ring of the sign, read once more
_THREE_L = re.compile(r"(?<=[a-z])lll(?=[a-z])")
_AS_NUMERAL = str.maketrans("l1|", "III")


def mend_names(px, names, words, rows):
    """Names spelt as the better supported of their readings has it.

    A name and a row's label that are the same up to slips of the reader are one name; where they differ, enlarged
    second readings of both decide. A name that no row repeats, and that was read with doubt, is read again. Where all names
    but one are spelt as rows are, that one is spelt as the row left over, of which a line may hide letters beside the curve.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    names : tuple of ArmName
    words : tuple of Word
        Of the picture.
    rows : sequence of TableRow

    Returns
    -------
    tuple of ArmName
    """
    names = _with_lost_letters(names, rows)
    partner = _partners(names, rows)
    mended = [_mended(px, name, rows[partner[i]] if i in partner else None, words) for i, name in enumerate(names)]
    exact = [any(word.exact and name.box.contains(*word.box.centre) for word in words) if name.box else False for name in mended]
    labels = with_numerals([name.label if told else with_letters(name.label) for name, told in zip(mended, exact, strict=True)])
    return tuple(replace(name, label=label) for name, label in zip(mended, labels, strict=True))


def _key(text):
    """What must be the same in two readings of one name: all but blanks, case and the kind of dash."""
    return re.sub(r"\s", "", text.translate(str.maketrans("–—−⁻⁺≤≥", "----+<>"))).casefold()


def _with_lost_letters(names, rows):
    """The names, the only one that no row repeats spelt as the only row that repeats no name, where that is longer and alike."""
    told, printed = ([_key(without_size(one.label)) for one in ones] for ones in (names, rows))
    odd, left = [i for i, key in enumerate(told) if key not in printed], [j for j, key in enumerate(printed) if key not in told]
    if len(told) != len(printed) or len(told) < 2 or (len(odd), len(left)) != (1, 1) or len(set(told)) < len(told):
        return names
    (i,), (j,) = odd, left
    lost = len(printed[j]) - len(told[i])
    if not told[i] or lost <= 0 or printed[j][-lost:].isdigit() or name_likeness(told[i], printed[j]) < _LEAST_ALIKE:
        return names
    return (*names[:i], replace(names[i], label=rows[j].label), *names[i + 1 :])


def _partners(names, rows):
    """The row that repeats each name, by place: those spelt alike first, then those most alike."""
    pairs = [
        (2.0 if _key(name.label) == _key(row.label) else name_likeness(name.label, row.label), i, j)
        for i, name in enumerate(names)
        for j, row in enumerate(rows)
        if name.label and row.label
    ]
    partner, taken = {}, set()
    for likeness, i, j in sorted(pairs, key=lambda pair: (-pair[0], pair[1], pair[2])):
        if likeness >= _ALIKE and i not in partner and j not in taken:
            partner[i] = j
            taken.add(j)
    return partner


def _mended(px, name, row, words):
    bare, printed = without_size(name.label), without_size(row.label) if row is not None else ""
    if row is not None and _key(printed) == _key(bare):
        return replace(name, reading=1.0)
    if row is not None and (bare == name.label) != (printed == row.label):
        row = None
    if not name.label or (row is None and name.reading >= _SURE_READING):
        return name
    if row is not None and _MARKS.fullmatch(name.label.removesuffix(row.label)):
        return replace(name, label=row.label)
    if any(word.exact and name.box.contains(*word.box.centre) for word in words):
        return name if row is None else replace(name, reading=1.0, doubt=f"It reads {name.label!r}, the table {row.label!r}.")
    readings = [(name.label, name.reading), *_again(px, name.box)]
    if row is not None:
        beside = [word for word in words if _is_label_of(word, row)]
        sure = min((word.confidence for word in beside), default=_SURE_READING)
        readings += [(row.label, sure), *(again for word in beside if len(beside) == 1 for again in _again(px, word.box))]
    label, share = _elected(readings)
    doubt = f"It reads {name.label!r}, the table {row.label!r}." if row is not None and share < _LEAST_SHARE else name.doubt
    best = max(sureness for text, sureness in readings if _key(text) == _key(label))
    return replace(name, label=label, reading=best if share >= _LEAST_SHARE else best * share, doubt=doubt)


def _again(px, box):
    """Enlarged readings of a place: pairs of text and confidence."""
    pad = 0.12 * box.height
    around = Box(box.left - pad, box.top - pad, box.right + pad, box.bottom + pad)
    read = [read_line(px, around, height_px=height) for height in _HEIGHTS_PX]
    return [(word.text, word.confidence) for word in read if any(character.isalnum() for character in word.text)]


def _is_label_of(word, row):
    """Whether a word stands left of a row's numbers, level with them."""
    box = row.box
    return box is not None and word.box.right < box.left + 2 and box.top < word.box.centre[1] < box.bottom and not word.vertical


def _elected(readings):
    """The reading with most confidence in all, spelt as its surest has it, and its share of all confidence."""
    votes = defaultdict(float)
    for text, confidence in readings:
        votes[_key(text)] += confidence
    key = max(votes, key=votes.get)
    spelt = max((pair for pair in readings if _key(pair[0]) == key), key=lambda pair: pair[1])[0]
    return spelt, votes[key] / max(sum(votes.values()), 1e-9)


def with_numerals(labels):
    """Labels of one series spelt with the numerals I, II, … where some were read as digits or other letters.

    Parameters
    ----------
    labels : sequence of str

    Returns
    -------
    list of str

    Examples
    --------
    >>> with_numerals(["stage=1", "stage=II", "stage=I1I"])
    ['stage=I', 'stage=II', 'stage=III']
    >>> with_numerals(["grade 1", "grade 11"])
    ['grade 1', 'grade 11']
    >>> with_numerals(["T I", "T ll"])
    ['T I', 'T II']
    """
    parts = [_NUMERAL.fullmatch(label) for label in labels]
    series = defaultdict(list)
    for part in parts:
        if part:
            series[part[1].casefold()].append(part[2])
    roman = {
        stem
        for stem, tokens in series.items()
        if any(set(token) <= set("IVX") for token in tokens) and any(len(token) > 1 and not token.isdigit() for token in tokens)
    }
    return [
        part[1] + part[2].translate(_AS_NUMERAL) if part and part[1].casefold() in roman else label
        for part, label in zip(parts, labels, strict=True)
    ]


def with_letters(label):
    """A label with the letters that a reader takes for their likes where no word has those: ``0`` for an O, ``l`` for an i, ``×`` for an x.

    Parameters
    ----------
    label : str

    Returns
    -------
    str

    Examples
    --------
    >>> with_letters("rx=0bs"), with_letters("C0ntrol"), with_letters("D-peniclllamine")
    ('rx=Obs', 'Control', 'D-penicillamine')
    >>> with_letters("6 < × <= 12"), with_letters("2 × 10 Gy")
    ('6 < x <= 12', '2 × 10 Gy')
    >>> with_letters("PD-L1 1-49%6"), with_letters("5% of 10")
    ('PD-L1 1-49%', '5% of 10')
    >>> with_letters("N0"), with_letters("10mg"), with_letters("0mg")
    ('N0', '10mg', '0mg')
    """
    label = _AFTER_PERCENT.sub("", _TIMES.sub("x", _ZERO_FIRST.sub("O", label)))
    return _THREE_L.sub("ill", _ZERO_WITHIN.sub("o", label))
