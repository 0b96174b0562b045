"""Numbers printed along an axis: read, placed, and gathered into rows and columns that count evenly."""

import re
from dataclasses import dataclass

import numpy as np

from ipdrecon.figure.around import around
from ipdrecon.model import Box, Word

_LOOKALIKES = str.maketrans({"O": "0", "o": "0", "〇": "0", "Q": "0", "l": "1", "I": "1", "|": "1", "i": "1", "!": "1"})
_POINTS = str.maketrans({"·": ".", "•": ".", "‧": ".", "∙": ".", "．": ".", "，": ",", "−": "-", "–": "-", "—": "-", "％": "%"})
_PLAIN = re.compile(r"^-?(\d+\.?\d*|\.\d+)$")
_LONGEST_NUMBER = 25  # characters; what is longer is an identifier, and has more digits than a number keeps
_THOUSANDS = re.compile(r"^\d{1,3}([, ]\d{3})+$")
_BROKEN_PERCENT = re.compile(r"(?<=\d)%[\dOo]$")
_BEFORE_PERCENT = re.compile(r"(?<=\d)\s+(?=%)")
# a reader passes over a point more often than it sees one where none is printed
_ALTERNATIVE_WEIGHT, _POINTLESS_WEIGHT = 0.7, 0.3
_MOST_LABELS = 60
_MOST_LINES = 60
_LEAST_DENSITY = 0.5
_WIDE_GAP, _LEAST_GAP, _GAP_RATIO = 0.4, 0.15, 1.8
_FEW = 3


@dataclass(frozen=True)
class Label:
    """A number printed somewhere in the picture.

    Attributes
    ----------
    values : tuple of float
        What it may say, the likeliest first: ``"1,000"`` is a thousand or one.
    percent : bool
        Whether it carries a per cent sign.
    px, py : float
        Centre in px.
    word : Word
    """

    values: tuple
    percent: bool
    px: float
    py: float
    word: Word

    @property
    def height(self):
        """Text height in px, whichever way the text runs."""
        return min(self.word.box.height, self.word.box.width) if self.word.vertical else self.word.box.height


@dataclass(frozen=True)
class LabelRun:
    """Labels along a straight line whose values grow evenly with their place: ``value = intercept + slope * px``.

    Attributes
    ----------
    labels : tuple of Label
        In order of place.
    values : tuple of float
        The value each label has on the scale.
    slope, intercept : float
        Units per px, units.
    horizontal : bool
        A row below an axis (else a column beside one).
    """

    labels: tuple
    values: tuple
    slope: float
    intercept: float
    horizontal: bool

    @property
    def place(self):
        """Places of the labels in px along the axis, shape (n_labels,)."""
        return np.array([label.px if self.horizontal else label.py for label in self.labels])

    @property
    def box(self):
        """The box around all labels."""
        return around(label.word.box for label in self.labels)

    @property
    def height(self):
        """Median text height in px."""
        return float(np.median([label.height for label in self.labels]))

    @property
    def step(self):
        """Least difference of the values of neighbouring labels."""
        return float(np.min(np.abs(np.diff(np.sort(self.values)))))

    def to_px(self, value):
        """Place in px of values (any shape)."""
        return (np.asarray(value, float) - self.intercept) / self.slope


def parse_number(text):
    """Read a tick label.

    Decimal points, commas and raised dots, thousands, per cent signs, negative numbers, and letters that look like
    digits are understood; so is a tick mark that the reader took for a dash after the number, a per cent sign whose
    last ring it took for a digit, and a point before a lone digit that it passed over.

    Parameters
    ----------
    text : str

    Returns
    -------
    values : tuple of float
        Possible values, the likeliest first; empty where the text is no number.
    percent : bool

    Examples
    --------
    >>> parse_number("1·0")
    ((1.0,), False)
    >>> parse_number("75%6")
    ((75.0, 7.5), True)
    >>> parse_number(".75")
    ((0.75, 75.0), False)
    >>> parse_number("1,000")
    ((1000.0, 1.0), False)
    """
    text = text.strip().translate(_POINTS)
    if not re.search(r"\d", text) and text not in {"O", "o"} or len(text) > _LONGEST_NUMBER:
        return (), False
    percent = "%" in text
    text = _BROKEN_PERCENT.sub("%", text)
    text = re.sub(r"[%\s]+$", "", text.rstrip("-_~=. ¬")).rstrip("-_~=. ").lstrip("+_~'’ ").translate(_LOOKALIKES)
    if _THOUSANDS.match(text) and not text.startswith("0"):
        values = [float(re.sub("[, ]", "", text))]
        if text.count(",") == 1:
            values.append(float(text.replace(",", ".")))
        return tuple(values), percent
    text = text.replace(",", ".")
    if not _PLAIN.match(text):
        return (), False
    return _values_of(text), percent


def _values_of(text):
    values = [float(text)]
    digits = text.lstrip("-")
    if digits.isdigit() and len(digits) > 1 and digits.startswith("0"):
        values.insert(0, float(f"0.{digits[1:]}"))
    elif digits.isdigit() and 1 < len(digits) <= 4:
        values += [float(f"{digits[0]}.{digits[1:]}")]
    elif digits.startswith("."):
        values += [float(digits[1:])]
    elif digits.isdigit() and digits != "0":
        values += [float(f"0.{digits}")]
    return tuple(dict.fromkeys(values))


def number_labels(px, words):
    """All numbers among the words; words that hold several numbers are parted at their widest gaps.

    Parameters
    ----------
    px : ndarray of uint8, shape (height, width, 3)
    words : iterable of Word

    Returns
    -------
    tuple of Label
    """
    labels = []
    for word in words:
        parted = () if word.vertical else _parted(px, word)
        values, percent = parse_number(word.text)
        if parted:
            labels += parted
        elif values:
            labels.append(Label(values, percent, *word.box.centre, word))
    return tuple(labels)


def _parted(px, word):
    texts = _BEFORE_PERCENT.sub("", word.text).split()
    parsed = [parse_number(text) for text in texts]
    if len(texts) < 2 or not all(values for values, _ in parsed):
        return []
    spans, within = _text_spans(px, word.box, len(texts))
    between, height = min((b[0] - a[1] for a, b in zip(spans, spans[1:], strict=False)), default=np.inf), word.box.height
    clear = len(texts) >= _FEW and between >= max(_LEAST_GAP * height, _GAP_RATIO * within)
    if between < _WIDE_GAP * height and not clear:
        return []
    boxes = [Box(left, word.box.top, right, word.box.bottom) for left, right in spans]
    return [
        Label(values, percent, *box.centre, Word(text, box, word.confidence))
        for text, (values, percent), box in zip(texts, parsed, boxes, strict=False)
    ]


def _text_spans(px, box, count):
    """Left and right of `count` pieces of text, parted where the ink leaves the widest gaps, and the widest gap within a piece."""
    left, middle = max(int(box.left), 0), box.centre[1]
    top, bottom = int(middle - box.height / 4), int(middle + box.height / 4)
    crop = px[max(top, 0) : bottom + 1, left : int(box.right) + 1].astype(float).mean(axis=2)
    inked = np.flatnonzero((np.abs(crop - np.median(crop)) > 50).any(axis=0))
    if len(inked) < count:
        return [], np.inf
    gaps = np.diff(inked)
    order = np.argsort(-gaps, kind="stable")
    cuts = np.sort(order[: count - 1])
    starts = np.concatenate(([inked[0]], inked[cuts + 1]))
    ends = np.concatenate((inked[cuts], [inked[-1]]))
    within = float(gaps[order[count - 1]]) if len(gaps) >= count else 0.0
    return [(float(left + a), float(left + b)) for a, b in zip(starts, ends, strict=True)], within


def label_rows(labels, *, least=3):
    """Rows of numbers that grow evenly to the right.

    Parameters
    ----------
    labels : sequence of Label
    least : int
        Labels a row must have.

    Returns
    -------
    tuple of LabelRun
        From top to bottom, then left to right.
    """
    upright = [label for label in labels if not label.word.vertical]
    runs = [run for group in _groups(upright, "py") for run in _even_runs(group, least, horizontal=True)]
    return tuple(sorted(runs, key=lambda run: (round(run.box.top / run.height), run.box.left)))


def label_columns(labels, *, least=3):
    """Columns of numbers that grow evenly upwards; otherwise as `label_rows`."""
    runs = [run for group in _groups(labels, "px") for run in _even_runs(group, least, horizontal=False)]
    return tuple(sorted(runs, key=lambda run: (run.box.left, run.box.top)))


def label_groups(labels, *, row):
    """Numbers that stand beside each other, whatever they say.

    Parameters
    ----------
    labels : sequence of Label
    row : bool
        Rows, from left to right (else columns, from top to bottom).

    Returns
    -------
    list of list of Label
    """
    groups = _groups(labels, "py" if row else "px")
    return [sorted(group, key=lambda label: label.px if row else label.py) for group in groups]


def _groups(labels, name):
    """Labels beside each other: their centres (rows) or their boxes (columns) meet; each with the nearest that it meets."""
    groups = []
    for label in sorted(labels, key=lambda label: (label.px, label.py) if name == "px" else (label.py, label.px)):
        met = [(_apart(label, other, name), k) for k, group in enumerate(groups) for other in group[-6:] if _beside(label, other, name)]
        if met:
            groups[min(met)[1]].append(label)
        else:
            groups.append([label])
    return groups


def _apart(one, other, name):
    """Distance of the centres of two labels of a row, or of the right edges of two of a column."""
    return abs(one.py - other.py) if name == "py" else abs(one.word.box.right - other.word.box.right)


def _beside(one, other, name):
    if name == "py":
        return abs(one.py - other.py) <= 0.45 * max(min(one.height, other.height), 6)
    a, b = one.word.box, other.word.box
    overlap = min(a.right, b.right) - max(a.left, b.left)
    return overlap >= 0.5 * min(a.width, b.width) and abs(a.right - b.right) <= 2.5 * max(one.height, other.height)


def _even_runs(group, least, *, horizontal):
    runs = []
    left = sorted(group, key=lambda label: label.px if horizontal else label.py)[:_MOST_LABELS]
    while len(left) >= least:
        run = _best_run(left, horizontal)
        if run is None or len(run.labels) < least:
            break
        runs.append(run)
        left = [label for label in left if not any(label is other for other in run.labels)]
    return runs


def _best_run(labels, horizontal):
    """Consensus over all pairs of labels (RANSAC, Fischler and Bolles 1981, with every pair tried)."""
    place = np.array([label.px if horizontal else label.py for label in labels])
    tolerance = max(0.35 * float(np.median([label.height for label in labels])), 2.5)
    flat = [(i, value, _weight(label, k)) for i, label in enumerate(labels) for k, value in enumerate(label.values)]
    index, value, weight = np.array([f[0] for f in flat]), np.array([f[1] for f in flat]), np.array([f[2] for f in flat])
    best, best_score = None, (0.0, 0.0)
    for i, slope, support in _likeliest_lines(place, index, value, weight, tolerance, horizontal):
        if support < best_score[0] - 1e-6:
            # neither this line nor any after it can score more than the labels near it weigh
            break
        distance = np.abs(value[i] + slope * (place[index] - place[index[i]]) - value) / abs(slope)
        score, members = _score(index, value, weight, distance, tolerance)
        if score > best_score:
            best, best_score = members, score
    if best is None:
        return None
    best = best[_on_even_grid(value[best])]
    best = _joined(best, place[index], index, value, weight, tolerance)
    best = _with_points(labels, index, value, best)
    return _run(labels, place, index, value, best, horizontal) if len(best) > 1 and weight[best].mean() >= 0.85 else None


def _with_points(labels, index, value, members):
    """Members of a line without lone digits taken for tenths, where no other label of the line prints a point: whole numbers have none."""
    first = np.array([labels[index[k]].values[0] for k in members])
    tenths = np.array(["0" not in labels[index[k]].word.text for k in members]) & np.isclose(value[members], first / 10)
    printed = np.isclose(value[members], first) & (first % 1 > 0)
    return members if printed.any() else members[~tenths]


def _weight(label, k):
    """How much the k-th value that a label may have counts for a line of labels."""
    if k == 0:
        return 1.0
    return _POINTLESS_WEIGHT if label.word.text.translate(_POINTS).lstrip("-").startswith(".") else _ALTERNATIVE_WEIGHT


def _joined(members, place, index, value, weight, tolerance):
    """Members of a line, and those that its own slope adds: a misread number may have tilted the line that they were found by."""
    if len(members) < _FEW:
        return members
    slope, intercept = np.polyfit(place[members], value[members], 1)
    again = _score(index, value, weight, np.abs(intercept + slope * place - value) / abs(slope), tolerance)[1]
    again = again[_on_even_grid(value[again])]
    return again if set(index[members]) < set(index[again]) else members


def _on_even_grid(values):
    """Which values lie on the best grid of even steps, of which a fair share must be printed, shape (n_values,)."""
    gaps = np.unique(np.diff(np.unique(values)))
    best, best_count = np.zeros(len(values), bool), 0
    for step in (gap / parts for parts in (1, 2, 3) for gap in gaps[::-1]):
        for base in values:
            turn = (values - base) / step
            on_grid = np.abs(turn - np.round(turn)) < 0.02
            if on_grid.sum() > best_count and on_grid.sum() >= _LEAST_DENSITY * (np.ptp(turn[on_grid]) + 1):
                best, best_count = on_grid, int(on_grid.sum())
    return best


def _likeliest_lines(place, index, value, weight, tolerance, horizontal):
    """Lines through two labels, those near most labels first: the index of one of the two, the slope, and the weight of the labels near it."""
    i, j = np.triu_indices(len(index), 1)
    i, j = (side[(index[i] != index[j]) & (np.abs(place[index[i]] - place[index[j]]) >= 4)] for side in (i, j))
    slope = (value[j] - value[i]) / (place[index[j]] - place[index[i]])
    right = np.flatnonzero((slope != 0) & ((slope > 0) == horizontal))
    i, slope = i[right], slope[right]
    distance = np.abs(value[i, None] + slope[:, None] * (place[index] - place[index[i], None]) - value) / np.abs(slope[:, None])
    support = ((distance <= tolerance) * weight).sum(axis=1)
    order = np.argsort(-support, kind="stable")[:_MOST_LINES]
    return [(int(i[k]), float(slope[k]), float(support[k])) for k in order]


def _once(members, value, distance):
    """Members of a line without those whose value stands nearer to its place elsewhere: an axis prints each once."""
    order = members[np.argsort(distance[members], kind="stable")]
    return np.sort(order[np.unique(value[order], return_index=True)[1]])


def _score(index, value, weight, distance, tolerance):
    """Weight of the labels on the line, less the strangers among them; nearness breaks ties."""
    on_line = np.flatnonzero(distance <= tolerance)
    order = on_line[np.lexsort((distance[on_line], index[on_line]))]
    _, first = np.unique(index[order], return_index=True)
    members = _once(order[first], value, distance)
    inside = np.unique(index[(index > index[members].min()) & (index < index[members].max())])
    strangers = len(np.setdiff1d(inside, index[members]))
    score = weight[members].sum() - 0.4 * strangers
    return (round(float(score), 6), -float(distance[members].mean())), members


def _run(labels, place, index, value, members, horizontal):
    members = members[np.argsort(place[index[members]], kind="stable")]
    slope, intercept = np.polyfit(place[index[members]], value[members], 1)
    chosen = tuple(labels[i] for i in index[members])
    return LabelRun(chosen, tuple(float(v) for v in value[members]), float(slope), float(intercept), horizontal)
