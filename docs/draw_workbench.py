"""Take the pictures of docs/workbench.md from the workbench itself.

Run ``python docs/draw_workbench.py`` in the checkout, with playwright and chromium there: it serves a folder of figures that are drawn for
it, does in a browser what the page tells, and writes `docs/workbench_*.png`. With ``dark`` it writes them as they look at night, elsewhere:
``python docs/draw_workbench.py dark FOLDER``.
"""

import io
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

DOCS = Path(__file__).parent
ROOT = DOCS.parent
EXAMPLE = ROOT / "digitised" / "tacerte" / "fig5_facsimile.png"
SIZE = {"width": 1280, "height": 800}
COLOURS = 96

sys.path.insert(0, str(ROOT / "tests"))
from workbench_figures import draw  # noqa: E402


def figures(root):
    """Draw what is to be seen."""
    shutil.copy(EXAMPLE, root / "tacerte-fig5.png")
    for number, name in enumerate(("ahmed-2014", "brandt-2017", "costa-2019"), start=11):
        draw(root / f"{name}.png", seed=number)
    draw(root / "dube-2021.png", seed=3, misprints={("Placebo", 24): 71})
    draw(root / "unlabelled-scan.png", seed=5, has_labels=False, has_table=False)


class Camera:
    """A browser window, and where its pictures go."""

    def __init__(self, page, out):
        self.page, self.out = page, out

    def take(self, name):
        """Save what is seen, in few colours."""
        self.page.wait_for_timeout(500)
        picture = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        picture = picture.quantize(COLOURS, dither=Image.Dither.NONE)
        picture.save(self.out / f"workbench_{name}.png", optimize=True)

    def open(self, name):
        """Open a figure from the first page, and wait until it is read."""
        self.page.evaluate("() => { location.hash = '#/'; }")
        self.page.get_by_role("link", name=re.compile(name)).click()
        self.page.wait_for_selector(".plate[href]", state="attached", timeout=120_000)
        self.page.wait_for_selector(".curve, .steps", state="attached")
        self.page.wait_for_timeout(300)

    def tab(self, name):
        """Open a panel."""
        self.page.get_by_role("tab", name=re.compile(f"^{name}")).click()

    def place(self, x, y):
        """Where px of the figure lie in the window."""
        return self.page.evaluate("([x, y]) => { const m = document.querySelector('.world').getScreenCTM(); return [m.a * x + m.e, m.d * y + m.f]; }", [x, y])


def start(camera):
    """The first page, with all figures read."""
    page = camera.page
    page.get_by_role("button", name=re.compile("that nobody has read")).click()
    page.wait_for_timeout(2000)
    page.locator(".grade", has_text=re.compile("not read yet|being read")).first.wait_for(state="detached", timeout=180_000)
    page.wait_for_timeout(1000)
    page.reload()
    page.wait_for_selector(".figure-card img")
    page.wait_for_timeout(1500)
    camera.take("start")


def check(camera):
    """A doubtful number at risk."""
    camera.open("dube-2021")
    camera.page.locator(".doubt-item.needs").first.click()
    camera.take("check")


def mend(camera):
    """A tick in hand."""
    page = camera.page
    camera.open("dube-2021")
    camera.tab("At risk")
    page.get_by_label("Placebo at 24").fill("21")
    page.get_by_label("Placebo at 24").press("Enter")
    page.locator(".saving:not(.busy)").wait_for()
    camera.tab("Axes")
    x, y = camera.place(637, 473)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 30, y, steps=5)
    camera.take("mend")
    page.keyboard.press("Escape")
    page.mouse.up()


def result(camera):
    """The rebuilt curves over the figure, and a reported hazard ratio."""
    page = camera.page
    camera.open("tacerte")
    camera.tab("Result")
    page.wait_for_selector("#hr")
    page.locator(".live input[type=range]").fill("60")
    page.get_by_role("button", name="+ hazard ratio").click()
    for name, text in (("value", "1.23"), ("CI low", "0.83"), ("CI high", "1.82")):
        page.get_by_label(f"Hazard ratio {name}").fill(text)
    page.keyboard.press("Tab")
    page.locator(".verdict b").wait_for()
    page.locator(".pane").evaluate("(pane) => pane.scrollTo(0, 0)")
    camera.take("result")


def by_hand(camera):
    """From nothing: the box is there, two ticks of the time axis are clicked."""
    page = camera.page
    camera.open("unlabelled")
    page.locator("[aria-pressed=true]", has_text="Box").wait_for()
    page.mouse.move(*camera.place(145, 473))
    page.mouse.down()
    page.mouse.move(*camera.place(882, 27), steps=4)
    page.mouse.up()
    page.locator("[aria-pressed=true]", has_text="Tick").wait_for()
    page.locator(".saving:not(.busy)").wait_for()
    for x in (145, 801):
        page.mouse.click(*camera.place(x, 473))
    page.locator("[data-keep='hand-time-1']:focus").wait_for()
    page.keyboard.type("48")
    camera.take("by_hand")


def pool(camera):
    """The forest plot of what was read."""
    page = camera.page
    page.get_by_role("link", name="Pool").click()
    page.locator(".pooled:not(.old) .forest").wait_for(timeout=120_000)
    page.locator("main").evaluate("(main) => main.scrollTo(0, 150)")
    camera.take("pool")


def main(scheme="light", out=DOCS):
    """Serve, browse and take pictures."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "review"
        root.mkdir()
        figures(root)
        command = [sys.executable, str(ROOT / "cli.py"), "serve", str(root), "--no-browser"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as player:
            address = re.search(r"http://\S+", server.stdout.readline()).group(0)
            browser = player.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport=SIZE, color_scheme=scheme)
            page.set_default_timeout(20_000)
            page.goto(address)
            camera = Camera(page, Path(out))
            try:
                for scene in (start, check, mend, result, by_hand, pool):
                    scene(camera)
            finally:
                browser.close()
                server.terminate()


if __name__ == "__main__":
    main(*sys.argv[1:])
