"""Kaplan-Meier figures drawn for the tests of the workbench, of which every number is known."""

import numpy as np

ARMS = ("Placebo", "Drug")
TIMES = (0, 12, 24, 36, 48)
_MEDIAN = {"Placebo": 14.0, "Drug": 24.0}
_COLOUR = {"Placebo": "#c0392b", "Drug": "#1f5fa8"}
N = 60


def patients(seed=3):
    """Times and events by arm; censored at 54 and by a little loss before."""
    rng = np.random.default_rng(seed)
    found = {}
    for arm in ARMS:
        event, censor = rng.exponential(_MEDIAN[arm] / np.log(2), N), rng.uniform(20, 90, N)
        last = np.minimum(censor, 54.0)
        found[arm] = np.minimum(event, last), event <= last
    return found


def steps(time, event):
    """Kaplan-Meier steps from (0, 1) on."""
    at, level = [0.0], [1.0]
    for one in np.unique(time[event]):
        level.append(level[-1] * (1 - (event & (time == one)).sum() / (time >= one).sum()))
        at.append(one)
    return np.append(at, time.max()), np.append(level, level[-1])


def draw(path, *, seed=3, has_labels=True, has_table=True, pages=1, misprints=()):
    """Draw a figure; returns the numbers at risk by arm. `misprints` are other numbers by arm and time."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.backends.backend_pdf import PdfPages

    known = patients(seed)
    figure, axes = plt.subplots(figsize=(7, 5.2), dpi=130)
    figure.subplots_adjust(left=0.16, right=0.97, top=0.96, bottom=0.3)
    at_risk = {arm: [int((time >= at).sum()) for at in TIMES] for arm, (time, _) in known.items()}
    for row, (arm, (time, event)) in enumerate(known.items()):
        axes.step(*steps(time, event), where="post", color=_COLOUR[arm], label=arm, linewidth=1.6)
        for at, count in zip(TIMES, at_risk[arm], strict=True):
            if has_table:
                axes.annotate(str(dict(misprints).get((arm, at), count)), (at, 0), (0, -62 - 20 * row), xycoords=("data", "axes fraction"), textcoords="offset points", ha="center")
        if has_table:
            axes.annotate(arm, (0, 0), (-66, -62 - 20 * row), xycoords=("data", "axes fraction"), textcoords="offset points", ha="left")
    axes.set(xlim=(0, 54), ylim=(0, 1.02), xticks=TIMES, yticks=(0, 0.25, 0.5, 0.75, 1))
    if has_labels:
        axes.set(xlabel="Time (months)", ylabel="Overall survival")
        axes.legend(frameon=False)
    else:
        axes.set(xticklabels=[], yticklabels=[])
    if pages == 1:
        figure.savefig(path)
    else:
        with PdfPages(path) as document:
            words = plt.figure(figsize=(7, 5.2))
            words.text(0.1, 0.8, "Methods. Patients were followed for overall survival.")
            document.savefig(words)
            document.savefig(figure)
    plt.close("all")
    return at_risk


def draw_document(path, *, n_pages, plots):
    """Draw a document of so many pages of words; `plots` are figures by page, each by its seed."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt
    from matplotlib.backends.backend_pdf import PdfPages

    with PdfPages(path) as document:
        for page in range(1, n_pages + 1):
            figure, axes = plt.subplots(figsize=(7, 5.2))
            if page in plots:
                for arm, (time, event) in patients(plots[page]).items():
                    axes.step(*steps(time, event), where="post", color=_COLOUR[arm], label=arm)
                axes.set(xlim=(0, 54), ylim=(0, 1.02), xticks=TIMES, xlabel="Time (months)", ylabel="Overall survival")
                axes.legend(frameon=False)
            else:
                axes.axis("off")
                axes.text(0, 0.9, f"{page}. Patients were followed for overall survival.")
            document.savefig(figure)
            plt.close(figure)


def draw_many(path, *, n_arms):
    """Draw a figure with several arms, each in a colour of its own, without a table."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 5), dpi=120)
    for number, colour in zip(range(n_arms), ("#c0392b", "#1f5fa8", "#2e8b57", "#8e44ad"), strict=False):
        time = np.linspace(0, 48, 60)
        axes.step(time, np.exp(-time / (14 + 18 * number)), where="post", color=colour, label=f"Dose {number + 1}", linewidth=1.6)
    axes.set(xlim=(0, 48), ylim=(0, 1.02), xticks=TIMES, xlabel="Time (months)", ylabel="Overall survival")
    axes.legend(frameon=False)
    figure.savefig(path)
    plt.close(figure)
