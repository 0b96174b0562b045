"""A panel in the colours of its look, and a figure of one or two of them."""

from drawn.page import TITLES, choose_arms, layout
from drawn.plot import Panel, draw_panel
from drawn.style import DASHES, PALETTES

COLOURS = {
    "matlab": ("#0072bd", "#d95319", "#edb120", "#7e2f8e"),
    "base": ("black", "#DF536B", "#61D04F", "#2297E6"),
    "stata": ("#1a476f", "#90353b", "#55752f", "#e37e00"),
    "stcolor": ("#1a85ff", "#d41159", "#00bf7f", "#ffd400"),
    "prism": ("#0000ff", "#ff0000", "black", "#00a000"),
    "spss": ("#3e58ac", "#2eb848", "#d3a90e", "#7c287d"),
    "carbon": ("#1192e8", "#fa4d56", "#198038", "#6929c4"),
    "medcalc": ("#0000c0", "#c00000", "#008000", "#c07000"),
    "lancet_print": ("#c8102e", "#1d4f91", "#78a22f", "#f2a900"),
    "jco_print": ("#1f3c88", "#d9a400", "#b22222", "#5b5b5b"),
    "jama": ("#00688b", "#df8f44", "#b24745", "#79af97"),
}


class LookPanel(Panel):
    """A panel whose colours are those of programs and journals too."""

    def looks(self, i):
        """Colour and dash of the i-th arm."""
        palette = COLOURS.get(self.style.palette) or PALETTES[self.style.palette]
        return palette[i], DASHES[i] if self.style.dashes else "-"


def draw_look(look, style, rng):
    """Draw a figure of a look; the figure and its panels."""
    figure, axes, _ = layout(style)
    names = look.name_arms(rng, style.arms)
    panels = [LookPanel(ax, choose_arms(style, rng, names), style, rng) for ax in axes]
    for k, panel in enumerate(panels):
        draw_panel(panel)
        look.dress(panel)
        if style.panels > 1:
            panel.axes.set_title(TITLES[k], fontsize=style.font_size)
            panel.axes.text(-0.14, 1.05, "AB"[k], transform=panel.axes.transAxes, weight="bold", size=1.4 * style.font_size)
    return figure, panels
