"""A made-up article: pages of text in two columns, with figures, a flow diagram and a table among it."""

from dataclasses import dataclass

import numpy as np

from drawn.paper import Paper

MARGIN, GUTTER = 54.0, 18.0
BODY, LEAD, SMALL = 9.0, 11.0, 7.5
VOCABULARY = (
    "the of and in to with for was were that by from at patients survival trial treatment group overall response study median "
    "analysis disease tumour primary end point months follow-up events hazard ratio confidence interval therapy dose adverse "
    "randomly assigned baseline stratified risk progression-free longer shorter compared between after before safety population "
    "intention-to-treat protocol efficacy cohort placebo control cancer recurrence mortality cumulative incidence estimated not "
    "significantly higher lower 12 24 36 0.71 P=0.03 censored investigators data"
)
WORDS = [*VOCABULARY.split(), "(95% CI 0.52-0.91)", "(Figure 1)", "(Table 2)", "at 24 months,"]
HEADS = ("Introduction", "Methods", "Statistical analysis", "Results", "Discussion")
CAPTIONS = (
    "Kaplan-Meier estimates of overall survival. Tick marks denote censored data.",
    "Kaplan-Meier curves for progression-free survival in the intention-to-treat population.",
    "Cumulative incidence of the primary end point, with numbers at risk.",
    "Survival by treatment group. P value by the log-rank test.",
)
JOURNALS = ("Journal of Made-up Medicine", "Annals of Drawn Trials", "The Archive of Known Patients")


@dataclass(frozen=True)
class Block:
    """A figure to be placed: bytes of a PDF, or a picture as `Paper.place_picture` takes it; its size in points."""

    content: object
    is_vector: bool
    width: float
    height: float


class Writer:
    """Fills pages of a paper with words drawn at random."""

    def __init__(self, paper, rng):
        self.paper, self.rng = paper, rng
        self.width, self.height = paper.size
        self.column = (self.width - 2 * MARGIN - GUTTER) / 2
        self.journal = JOURNALS[rng.integers(len(JOURNALS))]

    def words(self, width, size):
        """Words that fill a line of a width, more or less."""
        line, letters = [], width / (0.44 * size)
        while sum(map(len, line)) + len(line) < letters - 5:
            line.append(WORDS[self.rng.integers(len(WORDS))])
        return " ".join(line)

    def lines(self, left, top, foot, width):
        """Paragraphs from `top` down to `foot`, now and then a heading."""
        while top - LEAD > foot:
            if self.rng.uniform() < 0.05 and top - 3 * LEAD > foot:
                top -= LEAD
                self.paper.write(HEADS[self.rng.integers(len(HEADS))], left, top - BODY, BODY + 1, font="sans bold")
            elif self.rng.uniform() < 0.12:
                self.paper.write(self.words(width * self.rng.uniform(0.3, 0.9), BODY), left, top - BODY, BODY)
            else:
                self.paper.write(self.words(width, BODY), left, top - BODY, BODY, width=width)
            top -= LEAD

    def begin(self, number):
        """A page with header, rule and page number; the height at which its text begins."""
        paper, above = self.paper, self.height - 36
        paper.turn_page()
        paper.write(self.journal, MARGIN, above, SMALL, font="sans")
        paper.write(f"Vol. {200 + number % 7}, 20{10 + number % 14}", self.width - MARGIN - 70, above, SMALL, font="sans")
        paper.rule([(MARGIN, above - 6), (self.width - MARGIN, above - 6)])
        paper.write(str(number), self.width / 2 - 6, 30, SMALL + 1, font="sans")
        return above - 18

    def columns(self, tops):
        """Text in both columns, from the heights given."""
        for k, top in enumerate(tops):
            self.lines(MARGIN + k * (self.column + GUTTER), top, 54, self.column)

    def title(self, top):
        """Title, authors and an abstract in a box; where the columns begin."""
        self.paper.write("A randomised trial of one treatment or another", MARGIN, top - 16, 16, font="bold")
        self.paper.write("A. Author, B. Author, C. Author, and the Trial Group", MARGIN, top - 32, BODY, font="sans")
        low = top - 150
        right = self.width - MARGIN
        self.paper.rule([(MARGIN, low), (right, low), (right, top - 42), (MARGIN, top - 42), (MARGIN, low)], fill=238)
        self.lines(MARGIN + 8, top - 48, low + 4, self.width - 2 * MARGIN - 16)
        return low - 12

    def table(self, top):
        """Three rules and rows of numbers, over the whole width; where the columns begin."""
        right, rows = self.width - MARGIN, int(self.rng.integers(6, 14))
        self.paper.write("Table 2. Characteristics of the patients at baseline.", MARGIN, top - BODY, BODY, font="sans bold")
        top -= 16
        for at in (top, top - 14, top - 14 - 12 * rows):
            self.paper.rule([(MARGIN, at), (right, at)], width=0.75)
        for row in range(-1, rows):
            at = top - 24 - 12 * row
            self.paper.write("Characteristic" if row < 0 else self.words(90, BODY), MARGIN + 4, at, BODY)
            for cell in range(3):
                number = f"{self.rng.integers(20, 400)} ({self.rng.integers(1, 99)})"
                self.paper.write("No. (%)" if row < 0 else number, MARGIN + 210 + 100 * cell, at, BODY)
        return top - 14 - 12 * rows - 14

    def flow(self, top):
        """The flow of patients: boxes and lines between them; where the columns begin."""
        middle, texts = self.width / 2, ("Assessed for eligibility", "Randomised", "Assigned to drug", "Assigned to placebo")
        places = ((middle, top - 20), (middle, top - 80), (middle - 110, top - 150), (middle + 110, top - 150))
        for start, end in ((0, 1), (1, 2), (1, 3)):
            (x, y), (across, down) = places[start], places[end]
            self.paper.rule([(x, y), (x, y - 36), (across, y - 36), (across, down + 16)])
        for text, (x, y) in zip(texts, places, strict=True):
            self.paper.rule([(x - 80, y - 16), (x + 80, y - 16), (x + 80, y + 16), (x - 80, y + 16), (x - 80, y - 16)], fill=255)
            self.paper.write(f"{text} (n={self.rng.integers(80, 900)})", x - 70, y - 3, SMALL + 0.5, font="sans")
        self.paper.write("Figure 1. Flow of patients.", MARGIN, top - 190, SMALL + 0.5, font="sans bold")
        return top - 206

    def figure(self, block, left, top, room, number):
        """A figure no wider or higher than its room, and its caption; where the text goes on."""
        scale = min(room[0] / block.width, room[1] / block.height, 1.6)
        width, height = scale * block.width, scale * block.height
        caption_left, left = left, left + (room[0] - width) / 2
        if block.is_vector:
            self.paper.place(block.content, (scale, 0, 0, scale, left, top - height))
        else:
            self.paper.place_picture(block.content, (left, top - height, width, height))
        top -= height + 12
        caption = f"Figure {number}. {CAPTIONS[self.rng.integers(len(CAPTIONS))]}"
        for line in wrapped(caption, room[0] / (0.47 * SMALL)):
            self.paper.write(line, caption_left, top, SMALL, font="sans")
            top -= SMALL + 2
        return top - 8

    def figures(self, blocks, top, first):
        """Figures over one or both columns, from the top; the text around them."""
        whole, tops = self.width - 2 * MARGIN, [top, top]
        for k, block in enumerate(blocks):
            down = min(tops) - 54
            high = down - 40 if k == len(blocks) - 1 else 0.52 * down
            if block.width / block.height > 1.35 or len(blocks) > 1 or self.rng.uniform() < 0.5:
                begin = min(tops)
                if tops[0] == tops[1] and k == 0 and high > 420 and self.rng.uniform() < 0.5:
                    begin -= 6 * LEAD
                    for side in range(2):
                        self.lines(MARGIN + side * (self.column + GUTTER), top, begin + 2, self.column)
                tops = [self.figure(block, MARGIN, begin - 6, (whole, min(high, 430)), first + k)] * 2
            else:
                side = int(self.rng.integers(2))
                tops[side] = self.figure(block, MARGIN + side * (self.column + GUTTER), tops[side], (self.column, high), first + k)
        self.columns(tops)


def wrapped(text, letters):
    """Lines of no more than so many letters."""
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) > letters:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def make_article(size, blocks, rng, *, pages=1, at=1, embedded=False):
    """An article of some pages with all figures on page `at`, as bytes."""
    paper = Paper(size, embedded=embedded)
    writer, start = Writer(paper, rng), int(rng.integers(1, 900))
    others = [writer.table, writer.flow, *[None] * 7]
    for page in range(1, pages + 1):
        top = writer.begin(start + page)
        if page == at:
            writer.figures(blocks, top, 1 + (at > 2))
        else:
            part = writer.title if page == 1 else others[int(rng.integers(len(others)))]
            if part in (writer.table, writer.flow):
                others.remove(part)
            writer.columns([part(top) if part else top] * 2)
        paper.end_page()
    return paper.written()


def boxed(figure, size, box):
    """A figure alone on its page: as it is, turned (the page says so), or within a larger sheet cut down to it."""
    paper, (width, height) = Paper(size), size
    if box == "turned":
        paper.turn_page((height, width))
        paper.place(figure, (0, 1, -1, 0, height, 0))
        paper.current.set_rotation(90)
    else:
        paper.turn_page((width + 80, height + 80))
        paper.place(figure, (1, 0, 0, 1, 40, 40))
        paper.write("FIG-1.pdf  100%  proof", 50, 20, 8, font="sans")
        paper.rule([(0, 40), (30, 40)], width=0.25)
        paper.rule([(40, 0), (40, 30)], width=0.25)
        paper.current.set_cropbox(40, 40, 40 + width, 40 + height)
    paper.end_page()
    return paper.written()


def scanned(pictures, size):
    """Pages of nothing but a picture each."""
    paper = Paper(size)
    for picture in pictures:
        paper.turn_page()
        paper.place_picture(picture, (0, 0, *size))
        paper.end_page()
    return paper.written()


def grain(rng, px):
    """Paper as a scanner sees it: slight noise, ground not quite white."""
    noise = rng.normal(0, rng.uniform(1.5, 4), px.shape[:2])
    return np.clip(px * (249 / 255) + noise[..., None], 0, 255).astype(np.uint8)
