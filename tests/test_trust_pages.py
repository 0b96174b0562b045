"""No name of an arm, a study, a trial or a file, and no text of a person, is ever more than text: in pages, pictures and scripts."""

import base64
import io
import re
import shutil
import signal
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from ipdrecon.app import library, workflow
from ipdrecon.app.batch.results import result_files, results_frame
from ipdrecon.app.exchange.patients_out import ExportRequest, export_from_folder
from ipdrecon.app.pooled_files import pooled_files, pooled_record
from ipdrecon.app.review_run import run_review
from metaanalysis import pool
from metaanalysis.exchange.exports import export_pooled

ROOT = Path(__file__).parents[1]
CHROMIUM = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
BAD = "<img src=x onerror=window.ran=1>\"'><svg onload=window.ran=1></svg><script>window.ran=1</script>--><!--{{7*7}}${7*7}]]>"
SHORT = "<b onclick=window.ran=1>&amp;"
PAGES = tuple(sorted((*ROOT.glob("ipdrecon/**/*.html"), *ROOT.glob("ipdrecon/**/*.js"), *ROOT.glob("ipdrecon/**/*.py"), *ROOT.glob("metaanalysis/**/*.py"))))

TRIAL = f"""
id = "made"
name = '''{BAD}'''
citation = '''{BAD}'''
registration = '''{BAD}'''
aetiology = '''{BAD}'''
reported = "reported.csv"
[[arm]]
label = '''{SHORT}'''
reference = true
n = 50
[[arm]]
label = "Drug"
[[figure]]
file = "made.png"
endpoint = "overall survival"
population = '''{BAD}'''
facsimile = true
facsimile_note = '''{BAD}'''
"""
QUOTED = BAD.replace('"', '""')
REPORTED = f'panel,quantity,arm,time,value,ci_low,ci_high,p,source,reference\n1,hr,Drug,,0.55,0.33,0.92,0.02,"{QUOTED}",{SHORT}\n1,n,Drug,,50,,,,"{QUOTED}",\n'
STUDIES = f'study,"{QUOTED}",measure,hr,ci_low,ci_high,summary,source,note\n"{QUOTED}","{QUOTED}",HR,0.8,0.6,1.1,,"{QUOTED}","{QUOTED}"\nB,x,HR,0.7,0.5,1.0,,,\n'
REVIEW = f"""
title = '''{BAD}'''
note = '''{BAD}'''
[[trial]]
folder = "made"
[pool]
endpoint = "overall survival"
by = '''{BAD}'''
studies = "studies.csv"
"""


# --- what is written -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Names of the pages that a hostile review, batch and table of studies give, and the SVG pictures; made once."""
    return {}


@pytest.fixture
def pages(hostile, tmp_path, made_review, digitised):
    """Make the pages: HTML by name."""
    if not hostile:
        review = made_review(TRIAL, REPORTED, STUDIES, REVIEW)
        digitised(arms=(SHORT, "Drug"))
        result = run_review(review)
        hostile["report.html"] = result.report.read_text("utf-8")
        hostile["svg"] = {path.name: path.read_bytes() for path in sorted(result.out.rglob("*.svg"))}
        rows = [{"panel": BAD, "arms": BAD, "treatment": BAD, "reference": BAD, "flags": BAD, "hr": 0.5, "ci_low": 0.4, "ci_high": 0.6, "unit": BAD, "sha256": "0"}]
        records = [{"id": "a", "figure": BAD, "status": status, "message": BAD, "rows": rows} for status in ("done", "needs review", "failed")]
        hostile["overview.html"] = result_files(results_frame(records), tmp_path, f"Batch of {BAD}")["overview.html"].decode()
        hostile["pooled.html"] = _pooled_page(tmp_path)
    return hostile


def _pooled_page(place):
    from ipdrecon.app.workbench.pooling import pooled_view

    table = [{"study": BAD, "hr": "0.8", "ci_low": "0.6", "ci_high": "1.1", BAD: BAD}, {"study": "B", "hr": "0.7", "ci_low": "0.5", "ci_high": "1.0", BAD: "x"}]
    settings = {"measure": None, "tau2": "REML", "ci": "hk-adhoc", "fixed": "iv", "by": BAD}
    pooled_view(table, settings, BAD, place / "typed")
    return (place / "typed" / "pooled.html").read_text("utf-8")


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.text = set(), set(), []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attributes}
        assert not [value for _, value in attributes if value and value.strip().lower().startswith(("javascript:", "data:text/html"))]

    def handle_data(self, text):
        self.text.append(text)


@pytest.mark.parametrize("name", ["report.html", "overview.html", "pooled.html"])
def test_pages_hold_no_tag_from_a_name(pages, name):
    tags = _Tags()
    tags.feed(pages[name])
    assert not tags.tags & {"script", "svg", "iframe", "object", "embed", "form", "base", "link"}
    assert not [attribute for attribute in tags.attributes if attribute.startswith("on")]
    assert "x onerror=window.ran=1" in "".join(tags.text)  # it stands there, as text
    assert "49" not in re.findall(r"\{\{7\*7\}\}|\b49\b(?=\$)", "".join(tags.text))
    assert "default-src 'none'" in pages[name]


def test_pictures_hold_no_element_from_a_name(pages):
    pictures = dict(pages["svg"]) | {f"in the report {number}": base64.b64decode(code) for number, code in enumerate(re.findall(r"data:image/svg\+xml;base64,([^\"]+)", pages["report.html"]))}
    assert len(pictures) > 4
    for name, picture in pictures.items():
        elements = list(ElementTree.fromstring(picture).iter())
        assert not {str(element.tag).rpartition("}")[2] for element in elements} & {"script", "foreignObject", "image", "img", "a", "animate", "set", "handler"}, name
        assert not [key for element in elements for key in element.attrib if key.rpartition("}")[2].startswith("on")], name


@pytest.mark.parametrize("study", ["\x1b[31mred", "nul\x00", "bell\x07", "\ufffe", "十大", "$x^{2$", "a\\b_{c}"])
def test_pictures_of_any_name_are_well_formed(tmp_path, study):
    from metaanalysis import forest_plot
    from metaanalysis.pictures.saving import save_picture

    pooled = pool([-0.3, 0.1, -0.2], [0.04, 0.1, 0.05], study=[study, "B", "C"], measure="HR")
    ElementTree.fromstring(save_picture(forest_plot(pooled), tmp_path / "forest.svg").read_bytes())
    assert [path.name for path in tmp_path.iterdir()] == ["forest.svg"]
    (tmp_path / "plain").write_bytes(b"")
    assert (tmp_path / "forest.svg").stat().st_mode == (tmp_path / "plain").stat().st_mode


# --- a browser -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser():
    """A browser, in which pages may run what they hold: their own policy is switched off."""
    playwright = pytest.importorskip("playwright.sync_api", reason="the browser tests need playwright: pip install playwright")
    if CHROMIUM is None:
        pytest.skip("the browser tests need chromium: apt-get install chromium")
    with playwright.sync_playwright() as player:
        browser = player.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def window(browser):
    context = browser.new_context(bypass_csp=True)
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.outside = []
    page.on("request", lambda request: request.url.startswith(("file:", "data:", "blob:", "about:", "http://127.0.0.1")) or page.outside.append(request.url))
    page.on("dialog", lambda dialog: page.outside.append(dialog.message))
    yield page
    context.close()


def nothing_ran(page):
    """Whether no script of a name has run in a page, and nothing was fetched; what such a script would do is tried first."""
    assert page.evaluate("() => window.ran === undefined && document.querySelectorAll('script:not([src]), img[src=\"x\"], [onerror], [onload], [onclick]').length === 0")
    assert page.outside == []
    return True


def test_the_browser_would_run_it(window):
    window.set_content(f"<p>{BAD}</p>")
    window.wait_for_function("() => window.ran === 1")


def test_pages_run_nothing(pages, window, tmp_path):
    for name in ("report.html", "overview.html", "pooled.html"):
        (tmp_path / name).write_text(re.sub(r"<meta http-equiv[^>]*>", "", pages[name]), "utf-8")
        window.goto((tmp_path / name).as_uri())
        window.wait_for_load_state("load")
        assert nothing_ran(window)
        assert BAD[:32] in window.inner_text("body")


def test_pictures_run_nothing(pages, window, tmp_path):
    for name, content in pages["svg"].items():
        (tmp_path / name).write_bytes(content)
        window.goto((tmp_path / name).as_uri())
        assert window.evaluate("() => window.ran === undefined && document.documentElement.tagName === 'svg'")


@pytest.fixture
def workbench(tmp_path, made_digitisation, made_px):
    """A workbench that serves a folder with hostile names: its address."""
    pytest.importorskip("starlette", reason="the workbench needs starlette")
    import cv2

    root = tmp_path / "root"
    name = BAD.replace("/", "_")[:120]
    root.mkdir()
    cv2.imwrite(str(root / "plain.png"), made_px[:, :, ::-1])
    (root / "plain.png").rename(root / f"{name}.png")
    library.write_digitisation(made_digitisation(arms=(BAD, SHORT)), made_px, root / name)
    (root / name / "reported.csv").write_text(f'quantity,arm,time,value,source\nmedian,"{QUOTED}",,12,"{QUOTED}"\n', "utf-8")
    (root / "trial.toml").write_text(TRIAL, "utf-8")
    command = [sys.executable, "-c", "from ipdrecon.app.commands import main; main()", "serve", str(root), "--no-browser"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        line = server.stdout.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", line)
        assert address, line
        yield address.group(0)
        server.send_signal(signal.SIGINT)


def test_the_workbench_runs_nothing(window, workbench):
    window.goto(workbench)
    window.locator(".figure-card").wait_for()
    assert nothing_ran(window)
    assert "onerror=window.ran=1" in window.inner_text("body")
    window.locator(".figure-card").click()
    window.get_by_role("tab").first.wait_for()
    seen = ""
    for tab in window.get_by_role("tab").all():
        tab.click()
        window.wait_for_timeout(400)
        assert nothing_ran(window)
        seen += window.inner_text("body")
    assert "onerror=window.ran=1" in seen
    window.get_by_role("link", name="Pool").click()
    window.get_by_role("heading", name="Pool").wait_for()
    window.wait_for_timeout(400)
    assert nothing_ran(window)


# --- what the sources hold -------------------------------------------------------------------------------------------


def test_no_template_and_no_script_takes_data_for_markup():
    forbidden = re.compile(
        r"\|\s*safe\b|autoescape=False|autoescape false|innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|srcdoc|"
        r"\beval\(|new Function|setTimeout\(\s*[\"'`]|javascript:"
    )
    found = [f"{path.relative_to(ROOT)}: {hit[0]}" for path in PAGES for hit in forbidden.finditer(path.read_text("utf-8"))]
    assert found == []
    environments = [path for path in PAGES if path.suffix == ".py" and "Environment(" in path.read_text("utf-8")]
    assert environments
    for path in environments:
        text = path.read_text("utf-8")
        assert text.count("Environment(") == text.count("Environment(autoescape=True"), path
    marked = [path.relative_to(ROOT).as_posix() for path in PAGES if "Markup(" in path.read_text("utf-8")]
    assert marked == ["ipdrecon/app/report.py"]  # its own style sheet


# --- scripts and files of other programs -----------------------------------------------------------------------------

SLY = ('"); stop("ran"); c("', "'); stop('ran'); c('", "`stop('ran')`", "a\nstop('ran')", "\\", '\\"); stop("ran") #', "%s%n", "${x}", "\x1b[2J")


@pytest.mark.parametrize("name", SLY)
def test_scripts_for_r_take_names_for_text(tmp_path, name):
    pooled = pool([-0.3, 0.1, -0.4, 0.2], [0.04, 0.1, 0.06, 0.08], study=[name, "B", "C", "D"], subgroup=[name, name, "o", "o"], measure="HR")
    for to in ("metafor", "meta"):
        files = export_pooled(pooled, to)
        script = files[f"{to}.R"]
        code = re.sub(r'"(?:[^"\\\n]|\\.)*"', '""', script)
        assert code.count('"') % 2 == 0
        assert "stop(" not in code
        assert "`" not in code
        assert not [line for line in code.splitlines() if line.startswith("#") and "ran" in line]
    if shutil.which("Rscript"):
        (tmp_path / "check.R").write_text("invisible(parse(file = commandArgs(TRUE)[1], encoding = 'UTF-8'))\n")
        (tmp_path / "metafor.R").write_text(export_pooled(pooled, "metafor")["metafor.R"], "utf-8")
        done = subprocess.run(["Rscript", "--vanilla", tmp_path / "check.R", tmp_path / "metafor.R"], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", [*SLY[:3], "a b", "é" * 60, "x" * 500, '"', "quote \" and ' and `"])
def test_stata_takes_names_for_labels(tmp_path, hand_made, name):
    import csv

    import pandas as pd

    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([("panel", "arm", "time", "survival"), (1, name, 0, 1), (1, name, 3, 0.8), (1, name, 9, 0.6)])
    folder = hand_made(text.getvalue(), "panel,arm,time,n_risk\n")
    workflow.reconstruct_to_folder(folder, method="guyot", n={"": 40})
    (path,) = export_from_folder(folder, ExportRequest("stata"), tmp_path / "out").paths
    frame = pd.read_stata(path)
    assert list(frame.columns) == ["time", "status", "arm"]
    assert set(frame["arm"]) == {name}
    assert np.isfinite(frame["time"]).all()


def test_a_pooled_result_of_hostile_names_is_text_everywhere(tmp_path):
    import pandas as pd

    from ipdrecon.app.analyses import analyse
    from ipdrecon.app.pooling import PoolSettings, pool_table

    path = tmp_path / "studies.csv"
    path.write_text(STUDIES, "utf-8")
    pooled, studies, patients = pool_table(path, PoolSettings())
    analyses = analyse(pooled, studies, patients=patients)
    files = pooled_files(pooled, studies, analyses, pooled_record(pooled, studies, analyses))
    plain = " ".join(BAD.split())
    assert plain in pd.read_csv(io.BytesIO(files["studies.csv"]))["study"].tolist()
    for name, content in files.items():
        if name.endswith(".svg"):
            assert b"<script" not in content
            ElementTree.fromstring(content)
