"""The workbench's colours by day and by night, read from its style sheets: contrast as WCAG 2.1 (1.4.3 and 1.4.11) asks for at level AA."""

import re
from itertools import product
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[1] / "ipdrecon" / "app" / "workbench" / "static"
BASE, BENCH = ((STATIC / name).read_text("utf-8") for name in ("base.css", "bench.css"))
TEXT, PARTS = 4.5, 3.0
GROUNDS = ("room", "paper", "lifted")


def colours(rules):
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", rules))


ROOTS = [colours(rules) for rules in re.findall(r":root \{(.*?)\}", BASE, re.DOTALL)]
THEMES = {"light": ROOTS[0], "dark": ROOTS[0] | ROOTS[1]}


def luminance(colour):
    """Relative luminance, WCAG 2.1."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    """Contrast ratio, WCAG 2.1."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert len(ROOTS) == 2
    assert ROOTS[1].keys() <= ROOTS[0].keys()


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("over", "grounds", "least"), [
    (("ink", "soft", "accent", "good", "fair", "bad"), GROUNDS, TEXT),
    (("ink", "soft", "good", "fair", "bad"), ("accent-soft",), TEXT),
    (("accent-ink",), ("accent",), TEXT),
    (("bad",), ("bad-soft",), TEXT),
    (("focus", "strong-rule", "accent"), GROUNDS, PARTS),
])  # fmt: skip
def test_words_and_controls_stand_out(theme, over, grounds, least):
    known = THEMES[theme]
    faint = {(one, other): round(contrast(known[one], known[other]), 2) for one, other in product(over, grounds)}
    assert {pair: ratio for pair, ratio in faint.items() if ratio < least} == {}


def test_what_is_drawn_over_the_figure_stands_out_from_its_paper():
    inks = dict(re.findall(r"\.(ink-\d) \{ --arm: (#[0-9a-f]{6})", BENCH))
    assert len(inks) == 8
    words = dict(re.findall(r"\.tick\.(\w+) text \{ fill: (#[0-9a-f]{6})", BENCH))
    assert set(words) == {"sure", "fair", "unsure"}
    assert {name: colour for name, colour in words.items() if contrast(colour, "#ffffff") < TEXT} == {}
    assert {name: colour for name, colour in inks.items() if contrast(colour, "#ffffff") < TEXT} == {}, "white numbers stand on them"
    strokes = set(re.findall(r"stroke: (#[0-9a-f]{6})", BENCH)) - {"#f2b705"}  # a broad shade behind a curve that says the same by dots
    assert {colour for colour in strokes if contrast(colour, "#ffffff") < PARTS} == set()


def test_focus_is_never_hidden_without_something_in_its_place():
    assert re.search(r":focus-visible \{ outline: 3px solid var\(--focus\)", BASE)
    hidden = [rule for css in (BASE, BENCH) for rule in re.findall(r"([^{}]+)\{[^}]*outline: none", css)]
    # the two frames that hold everything else are told by the ring of what lies in them
    assert {rule.strip() for rule in hidden} == {"main:focus", ".pane:focus"}
