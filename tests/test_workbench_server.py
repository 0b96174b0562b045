"""The workbench's server: every address, who may ask, limits, and that nothing is lost when it is killed."""

import contextlib
import csv
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Canvas

from ipdrecon.app import stage
from ipdrecon.app.library import read_digitisation
from ipdrecon.app.workbench.journal import JOURNAL, Journal

pytest.importorskip("uvicorn")
TestClient = pytest.importorskip("starlette.testclient").TestClient

from ipdrecon.app.workbench.desk import Desk  # noqa: E402
from ipdrecon.app.workbench.server import Workbench, make_app  # noqa: E402

ROOT = Path(__file__).parents[1]
HOST = "127.0.0.1:8000"
STEPS = {
    "Placebo": ("tab:blue", [0, 5, 12, 20, 31, 40, 46], [1, 0.92, 0.8, 0.7, 0.62, 0.55, 0.55]),
    "Drug": ("tab:red", [0, 3, 9, 15, 24, 33, 46], [1, 0.85, 0.66, 0.5, 0.36, 0.24, 0.24]),
}
TIMES, ROWS = [0, 12, 24, 36], {"Placebo": [80, 60, 40, 20], "Drug": [81, 50, 25, 10]}


def draw(words, *, colours=None):
    """A small figure with known curves, as PNG, and the place of its axes in px; without words nothing can be read of it."""
    figure = Canvas(figsize=(6.4, 4.8), dpi=100)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.14, 0.3, 0.82, 0.65))
    for name, (colour, time_, survival) in STEPS.items():
        axes.step(time_, survival, where="post", color=(colours or {}).get(name, colour), lw=1.5, label=name)
    axes.set(xlim=(0, 48), ylim=(0, 1.05), xticks=range(0, 49, 12), yticks=[0, 0.25, 0.5, 0.75, 1])
    if words:
        axes.set(xlabel="Months", ylabel="Overall survival")
        axes.legend(frameon=False)
        for place, (name, counts) in zip((0.12, 0.06), ROWS.items(), strict=True):
            figure.text(0.01, place, name, va="center")
            for moment, count in zip(TIMES, counts, strict=True):
                figure.text(0.14 + 0.82 * moment / 48, place, str(count), ha="center", va="center")
    else:
        axes.set(xticklabels=[], yticklabels=[])
    content = io.BytesIO()
    figure.savefig(content, format="png", metadata={"Title": "words" if words else "none", "Comment": str(colours)})
    (x0, y0), (x1, y1) = axes.transData.transform([(0, 0), (48, 1)])
    return content.getvalue(), (x0 - 0.5, 479.5 - y1, x1 - 0.5, 479.5 - y0)


def axes_edits(box, panel="1"):
    """Edits that give both axes by two ticks each."""
    left, top, right, bottom = box
    time_ = [{"px": left, "value": 0}, {"px": right, "value": 48}]
    vertical = [{"px": bottom, "value": 0}, {"px": top, "value": 1}]
    return [{"edit": "axis", "panel": panel, "axis": name, "ticks": ticks} for name, ticks in (("time", time_), ("vertical", vertical))]


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """A running workbench without a socket."""
    bench = Workbench(tmp_path_factory.mktemp("served"))
    yield bench
    bench.close()


@pytest.fixture(scope="module")
def client(bench):
    """A browser that has the token."""
    with TestClient(make_app(bench, [HOST, "localhost:8000"]), base_url=f"http://{HOST}", headers={"X-Ipdrecon-Token": bench.token}) as client:
        yield client


def done(answer, status=200):
    assert answer.status_code == status, answer.text
    return answer.json()


def settled(client, figure, reader=None):
    """Wait until a figure is read, or is known not to be readable."""
    more = {} if reader is None else {"reader": reader}
    for _ in range(40):
        status = done(client.get(f"/api/figures/{figure}/status", params={"wait": 20} | more))
        if status["status"] != "reading":
            return status
    raise AssertionError("still reading")


def taken(client, content, name="fig.png", **options):
    """Upload a figure without reading text; its id."""
    figure = done(client.post("/api/figures", params={"name": name, "read": 0}, content=content), 201)["id"]
    done(client.post(f"/api/figures/{figure}/read", json={"ocr": False} | options), 202)
    settled(client, figure)
    return figure


def edit(client, figure, *edits, status=200, reader=None, **more):
    """Append edits to what is there now; the figure anew."""
    query = {} if reader is None else {"reader": reader}
    seen = done(client.get(f"/api/figures/{figure}", params=query))
    return done(client.post(f"/api/figures/{figure}/edits", params=query, json={"revision": seen["revision"], "edits": list(edits)} | more), status)


@pytest.fixture(scope="module")
def by_hand(client):
    """A figure of which nothing can be read, done by hand edit by edit: its id, and what each answer said."""
    content, box = draw(False)
    figure = taken(client, content, "../../etc/by hand?.png")
    answers = [done(client.get(f"/api/figures/{figure}"))]
    left, top, right, bottom = box
    start = [[left + 2, top + 2], [left + 28, top + 2]]
    snapped = done(client.post(f"/api/figures/{figure}/snap", json={"panel": "1", "colour": "#d62728", "stroke": start}))
    assert snapped["data"] is None
    assert snapped["points"][0][1] == pytest.approx(top, abs=1)
    edits = [{"edit": "add_panel", "panel": "1", "box": [left, top - 10, right, bottom]}, *axes_edits(box), {"edit": "arms", "count": 0}]
    for name, (_, time_, survival) in STEPS.items():
        px = [[left + t / 48 * (right - left), bottom + s * (top - bottom)] for t, s in zip(time_, survival, strict=True)]
        edits.append({"edit": "add_arm", "panel": "1", "name": name, "points": px, "unit": "px", "colour": [10, 20, 200]})
    edits += [{"edit": "row", "panel": "1", "arm": arm, "n_risk": counts, "time": TIMES} for arm, counts in ROWS.items()]
    edits.append({"edit": "unit", "unit": "months"})
    for one in edits:
        answers.append(edit(client, figure, one, keep=True))
    return figure, answers


# --- who may ask -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/api/state", "/api/figures/abc", "/api/", "/api/nothing", "/api/pool/files/forest.svg"])
@pytest.mark.parametrize("token", [None, "", "wrong", "ö"])
def test_without_the_token_nothing_is_told(bench, path, token):
    with TestClient(make_app(bench, [HOST]), base_url=f"http://{HOST}") as stranger:
        answer = stranger.get(path, params={} if token is None else {"token": token})
    assert answer.status_code == 401
    assert "token" in answer.json()["error"]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:8001", "127.0.0.1.evil.example:8000", "[::1]:8000", ""])
def test_a_foreign_host_is_refused_even_with_the_token(client, host):
    for path in ("/", "/api/state", "/static/index.html"):
        assert client.get(path, headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": f"https://{HOST}"}, {"Sec-Fetch-Site": "cross-site"}])
def test_a_foreign_origin_is_refused_even_with_the_token(client, headers):
    assert client.get("/api/state", headers=headers).status_code == 403
    assert client.post("/api/figures", headers=headers, content=b"x").status_code == 403


def test_the_own_origin_and_the_token_in_the_address_are_welcome(client, bench):
    assert client.get("/api/state", headers={"Origin": f"http://{HOST}", "Sec-Fetch-Site": "same-origin"}).status_code == 200
    with TestClient(make_app(bench, [HOST]), base_url=f"http://{HOST}") as browser:
        assert browser.get("/api/state", params={"token": bench.token}).status_code == 200
        linked = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
        assert browser.get("/", params={"token": bench.token}, headers=linked).status_code in (200, 404)
        assert browser.get("/", headers=linked).status_code == 401


def test_every_answer_says_what_browsers_must_not_do(client):
    for path in ("/", "/api/state", "/api/nothing", "/static/nothing.js"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "unsafe" not in policy
        assert "http" not in policy
        assert "frame-ancestors 'none'" in policy
        assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")
        assert "access-control-allow-origin" not in headers
    assert client.get("/api/state").headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "/static/../server.py", "/static/%2e%2e/server.py", "/static/..%2fserver.py", "/static//etc/passwd", "/static/%2fetc%2fpasswd",
        "/api/figures/..%2f..%2fetc%2fpasswd", "/api/figures/%2e%2e/files/figure.json", "/api/pool/files/..%2frows%2fstudies.csv", "/server.py",
    ],
)  # fmt: skip
def test_no_address_leads_out_of_its_list(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("name", ["../fig.png", "..%2f..%2fx", "journal.json", "/etc/passwd", "%2fetc%2fpasswd", ".edits.json.1.part", "by-hand.png", "curves.csv%00"])
def test_only_listed_files_are_given(client, by_hand, name):
    assert client.get(f"/api/figures/{by_hand[0]}/files/{name}").status_code == 404


@pytest.mark.parametrize("reader", ["../x", "a/b", "a.b", "x" * 31, "a b", "..", "é"])
def test_a_readers_name_is_no_path(client, by_hand, bench, reader):
    before = sorted(bench.figures.root.iterdir())
    assert client.get(f"/api/figures/{by_hand[0]}", params={"reader": reader}).status_code == 404
    assert client.post(f"/api/figures/{by_hand[0]}/readers", json={"reader": reader}).status_code == 404
    assert sorted(bench.figures.root.iterdir()) == before


# --- limits ----------------------------------------------------------------------------------------------------------


def png_head(width, height):
    """A PNG of a few bytes that says it is large."""

    def chunk(kind, data):
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    size = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes((8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(bytes(10_000))) + chunk(b"IEND", b"")


def upload(client, content, status):
    before = sorted(os.walk(client.bench_root)) if hasattr(client, "bench_root") else None
    answer = client.post("/api/figures", params={"name": "x.png"}, content=content)
    assert answer.status_code == status, answer.text
    assert before is None or sorted(os.walk(client.bench_root)) == before
    return answer.json().get("error", "")


def test_what_is_too_large_or_no_figure_is_refused_and_not_kept(client, bench):
    before = sorted(bench.figures.root.iterdir())
    assert "million px" in upload(client, png_head(60_000, 60_000), 413)
    assert "MB" in upload(client, b"\x89PNG\r\n\x1a\n" + bytes(51 * 1024**2), 413)
    assert "MB" in upload(client, (bytes(1024**2) for _ in range(52)), 413)
    for content in (b"", b"MZ no picture", b"<html>", b"\x89PNG\r\n\x1a\n", b"%PDF-1.7 nothing"):
        assert upload(client, content, 415)
    bomb = b'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a "' + b"x" * 1000 + b'"><!ENTITY b "' + b"&a;" * 1000 + b'">]><svg xmlns="http://www.w3.org/2000/svg"><text>&b;</text></svg>'
    assert upload(client, bomb, 415)
    assert sorted(bench.figures.root.iterdir()) == before


def test_a_picture_that_is_not_what_its_head_says_ends_in_a_sentence(client):
    figure = taken(client, png_head(300, 300), "lie.png")
    status = done(client.get(f"/api/figures/{figure}/status"))
    assert status["status"] == "failed"
    assert status["message"]
    assert str(client.get(f"/api/figures/{figure}/image").json()["error"])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 422), (b"[]", 422), (b"null", 422), (b'{"revision": "0", "edits": []}', 422), (b'{"edits": []}', 422), (b'{"revision": true, "edits": []}', 422),
        (b"[" * 100_000, 422), (b'{"revision": 0, "edits": [{"edit": "none"}]}', 400), (b'{"revision": 0, "edits": [1]}', 400),
        (b'{"revision": 0, "edits": [{"edit": "unit", "unit": "years", "path": "/etc"}]}', 400), (b" " * 5_000_000, 413),
    ],
)  # fmt: skip
def test_malformed_bodies_end_in_a_sentence(client, by_hand, body, status):
    answer = client.post(f"/api/figures/{by_hand[0]}/edits", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert answer.json()["error"]


def test_a_form_of_another_page_cannot_send_edits(client, by_hand):
    answer = client.post(f"/api/figures/{by_hand[0]}/edits", content=b'{"revision": 0, "edits": []}', headers={"Content-Type": "text/plain"})
    assert answer.status_code == 422


# --- by hand from nothing --------------------------------------------------------------------------------------------


def test_a_figure_that_cannot_be_read_is_done_by_hand(client, by_hand, bench):
    figure, answers = by_hand
    assert answers[0]["status"] == "failed"
    assert answers[0]["size"] == [640, 480]
    assert client.get(f"/api/figures/{figure}/image").content.startswith(b"\x89PNG")
    drafts = [answer["panels"][0] for answer in answers[1:] if answer["status"] == "failed"]
    assert [draft["missing"] for draft in drafts[:3]] == [["time axis", "vertical axis", "arms"], ["vertical axis", "arms"], ["arms"]]
    assert all(draft["draft"] for draft in drafts)
    last = answers[-1]
    assert (last["status"], last["message"]) == ("read", "")
    panel = last["panels"][0]
    assert not panel["draft"]
    assert [arm["name"] for arm in panel["arms"]] == list(STEPS)
    for arm in panel["arms"]:
        _, time_, survival = STEPS[arm["name"]]
        assert np.allclose(arm["points"], np.column_stack([time_, survival]), atol=1e-6)
    assert panel["axes"]["time"]["unit"] == "months"
    assert [cell["n_risk"] for cell in panel["at_risk"]["cells"]] == [*ROWS["Placebo"], *ROWS["Drug"]]
    folder = bench.figures.root / last["folder"]
    assert read_digitisation(folder).panels[0].curves[1].survival_at(10) == pytest.approx(0.66)
    assert last["folder"] == "etc-by-hand"


def test_the_command_line_repeats_what_the_workbench_did(client, by_hand, bench, tmp_path):
    from ipdrecon.app.commands import main

    figure, _ = by_hand
    seen = done(client.get(f"/api/figures/{figure}"))
    folder = bench.figures.root / seen["folder"]
    assert seen["command"] == f"ipdrecon digitise {seen['file']}"
    assert main(["digitise", str(bench.figures.root / seen["file"]), "--no-ocr", "--edits", str(folder / "edits.json"), "--out", str(tmp_path / "again"), "-q"]) in (0, 3)
    for name in ("curves.csv", "at_risk.csv", "censor_marks.csv", "figure.json"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes(), name
    client.get(f"/api/figures/{figure}/files/overlay.png")
    assert (tmp_path / "again" / "overlay.png").read_bytes() == (folder / "overlay.png").read_bytes()


def test_a_review_repeats_the_edits_of_a_figures_own_folder_unless_the_trial_names_others(tmp_path):
    from ipdrecon.app.review import FigureEntry
    from ipdrecon.app.review_figure import edits_of

    assert edits_of(tmp_path, FigureEntry(file="fig5.png")) is None
    (tmp_path / "fig5").mkdir()
    (tmp_path / "fig5" / "edits.json").write_text("[]")
    assert edits_of(tmp_path, FigureEntry(file="fig5.png")) == tmp_path / "fig5" / "edits.json"
    assert edits_of(tmp_path, FigureEntry(file="fig5.png", edits="other.json")) == tmp_path / "other.json"


# --- edits -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def read(client):
    """A figure whose curves are read from ink, and its axes in px."""
    content, box = draw(False, colours={"Drug": "tab:green"})
    figure = taken(client, content, "read.png")
    edit(client, figure, {"edit": "add_panel", "panel": "1", "box": [box[0], box[1] - 10, box[2], box[3]]}, *axes_edits(box))
    return figure, box


def test_edits_are_appended_undone_and_redone(client, read):
    figure, _ = read
    before = done(client.get(f"/api/figures/{figure}"))
    first, second = (arm["name"] for arm in before["panels"][0]["arms"])
    after = edit(client, figure, {"edit": "rename_arm", "arm": first, "name": "Old"}, {"edit": "end", "arm": second, "time": 40.0})
    assert after["revision"] == before["revision"] + 1
    assert [arm["name"] for arm in after["panels"][0]["arms"]] == ["Old", second]
    assert after["edit_labels"][-2:] == [f"rename {first} to Old", f"{second} ends at 40"]
    undone = done(client.post(f"/api/figures/{figure}/undo", json={"revision": after["revision"]}))
    assert undone["panels"] == before["panels"]
    assert undone["can_redo"]
    redone = done(client.post(f"/api/figures/{figure}/redo", json={"revision": undone["revision"]}))
    assert redone["panels"] == after["panels"]
    put = done(client.put(f"/api/figures/{figure}/edits", json={"revision": redone["revision"], "edits": before["edits"]}))
    assert put["panels"] == before["panels"]
    assert not put["can_redo"]
    assert "redo" in client.post(f"/api/figures/{figure}/redo", json={"revision": put["revision"]}).json()["error"]


def test_an_old_revision_gets_the_present_figure(client, read):
    figure, _ = read
    seen = done(client.get(f"/api/figures/{figure}"))
    edit(client, figure, {"edit": "unit", "unit": "weeks"})
    answer = done(client.post(f"/api/figures/{figure}/edits", json={"revision": seen["revision"], "edits": [{"edit": "unit", "unit": "days"}]}), 409)
    assert answer["figure"]["panels"][0]["axes"]["time"]["unit"] == "weeks"


def test_an_edit_that_fits_nothing_changes_nothing(client, read, bench):
    figure, _ = read
    seen = done(client.get(f"/api/figures/{figure}"))
    answer = edit(client, figure, {"edit": "rename_arm", "arm": "Nobody", "name": "X"}, status=400)
    assert "no arm 'Nobody'" in answer["error"]
    assert "can_keep" not in answer
    assert done(client.get(f"/api/figures/{figure}"))["edits"] == seen["edits"]
    delete = [{"edit": "delete_arm", "arm": arm["name"]} for arm in seen["panels"][0]["arms"]]
    refused = edit(client, figure, *delete, status=400)
    assert (refused["can_keep"], refused["overwrites"]) == (True, False)
    kept = edit(client, figure, *delete, keep=True)
    folder = bench.figures.root / kept["folder"]
    assert (kept["status"], len(kept["edits"])) == ("read", len(seen["edits"]) + len(delete))
    assert "add_arm" in kept["message"]
    assert kept["panels"] == seen["panels"]
    assert [(flag["name"], flag["detail"]) for flag in kept["flags"]] == [("change_unread", kept["message"])]
    assert "change_unread" in {flag.name for flag in read_digitisation(folder).flags}
    anew = Desk(bench.figures.root / "fig.png", folder, None, folder.parent)
    assert (anew.status, anew.is_held, anew.is_stale, anew.message) == ("read", True, False, kept["message"])
    done(client.post(f"/api/figures/{figure}/read", json={"ocr": False}), 202)
    settled(client, figure)
    again = done(client.get(f"/api/figures/{figure}"))
    assert (again["status"], again["panels"], len(again["flags"])) == ("read", seen["panels"], 1)
    later = edit(client, figure, {"edit": "unit", "unit": "weeks"})
    assert (later["status"], later["panels"], len(later["flags"])) == ("read", seen["panels"], 1)
    drawn = edit(client, figure, {"edit": "add_arm", "name": "By hand", "points": [[5, 0.9], [20, 0.5]]})
    assert [arm["name"] for arm in drawn["panels"][0]["arms"]] == ["By hand"]
    assert (drawn["message"], drawn["flags"]) == ("", [])
    for _ in range(3):
        drawn = done(client.post(f"/api/figures/{figure}/undo", json={"revision": drawn["revision"]}))
    assert (drawn["panels"], drawn["flags"], drawn["edits"]) == (seen["panels"], seen["flags"], seen["edits"])


def test_edits_changed_by_another_program_are_taken_up(client, read, bench):
    figure, _ = read
    seen = done(client.get(f"/api/figures/{figure}"))
    path = bench.figures.root / seen["folder"] / "edits.json"
    record = json.loads(path.read_text())
    record["edits"].append({"edit": "unit", "unit": "years"})
    path.write_text(json.dumps(record))
    now = done(client.get(f"/api/figures/{figure}"))
    assert now["panels"][0]["axes"]["time"]["unit"] == "years"
    assert now["revision"] > seen["revision"]
    assert done(client.post(f"/api/figures/{figure}/undo", json={"revision": now["revision"]}))["edits"] == seen["edits"]


def test_an_edit_is_answered_in_well_under_a_second_of_work(client, read, bench):
    figure, box = read
    edit(client, figure, {"edit": "unit", "unit": "months"})
    process = bench.crew.mender._process.pid
    before = _cpu(process)
    for k in range(5):
        edit(client, figure, {"edit": "end", "arm": "arm 1", "time": 45.0 - k})
    assert (_cpu(process) - before) / 5 < 0.25


def _cpu(process):
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        pytest.skip("the work of another process cannot be measured here")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_ten_tabs_at_once_lose_no_edit(client, bench):
    content, box = draw(False, colours={"Drug": "black"})
    figure = taken(client, content, "tabs.png")
    edit(client, figure, {"edit": "add_panel", "panel": "1", "box": [box[0], box[1] - 10, box[2], box[3]]}, *axes_edits(box))

    def tab(number):
        for _ in range(60):
            seen = done(client.get(f"/api/figures/{figure}"))
            own = {"edit": "marks", "arm": "arm 1", "add": [10.0 + number]}
            answer = client.post(f"/api/figures/{figure}/edits", json={"revision": seen["revision"], "edits": [own]})
            if answer.status_code == 200:
                return
            assert answer.status_code in (409, 429), answer.text
        raise AssertionError("never had its turn")

    with ThreadPoolExecutor(10) as tabs:
        list(tabs.map(tab, range(10)))
    last = done(client.get(f"/api/figures/{figure}"))
    assert sorted(edit["add"][0] for edit in last["edits"] if edit["edit"] == "marks") == [10.0 + k for k in range(10)]
    assert last["panels"][0]["arms"][0]["marks"] == [10.0 + k for k in range(10)]


def test_a_stroke_snaps_to_the_ink(client, read):
    figure, box = read
    panel = done(client.get(f"/api/figures/{figure}"))["panels"][0]
    arm = panel["arms"][0]
    stretch = [[x, y] for x, y in arm["px"] if 12 <= (x - box[0]) / (box[2] - box[0]) * 48 <= 40.1]
    corners = [corner for (x, y), (x_next, y_next) in zip(stretch, stretch[1:], strict=False) for corner in ([x, y], [x_next, y])]
    stroke = [[x - 6, y + 5] for x, y in [*corners, stretch[-1]]]
    answer = done(client.post(f"/api/figures/{figure}/snap", json={"panel": "1", "arm": arm["name"], "stroke": stroke}))
    truth = dict(zip(*STEPS["Placebo"][1:], strict=True))
    for moment, survival in answer["data"][1:-1]:
        nearest = min(truth, key=lambda time_: abs(time_ - moment))
        assert moment == pytest.approx(nearest, abs=0.15)
        assert survival == pytest.approx(truth[nearest], abs=0.004)
    assert len(answer["data"]) >= 4
    assert answer["share"] > 0.95
    far = [[x, y + 150] for x, y in stroke]
    assert "ink" in done(client.post(f"/api/figures/{figure}/snap", json={"panel": "1", "arm": arm["name"], "stroke": far, "reach": 4}), 400)["error"]
    drawn = edit(client, figure, {"edit": "points", "panel": "1", "arm": arm["name"], "points": answer["points"], "unit": "px"})
    assert drawn["status"] == "read"


def test_a_part_of_the_picture(client, read):
    answer = client.get(f"/api/figures/{read[0]}/crop", params={"x0": 10, "y0": 20, "x1": 109, "y1": 69, "scale": 2})
    assert answer.headers["content-type"] == "image/png"
    assert (int.from_bytes(answer.content[16:20], "big"), int.from_bytes(answer.content[20:24], "big")) == (200, 100)
    for wrong in ({"x0": 10}, {"x0": "a", "y0": 0, "x1": 1, "y1": 1}, {"x0": "nan", "y0": 0, "x1": 1, "y1": 1}):
        assert client.get(f"/api/figures/{read[0]}/crop", params=wrong).status_code == 422
    assert client.get(f"/api/figures/{read[0]}/crop", params={"x0": 900, "y0": 0, "x1": 1000, "y1": 9}).status_code == 400


# --- patients, readers, pooling, downloads ---------------------------------------------------------------------------


def test_rebuilt_patients_and_what_the_paper_reports(client, by_hand):
    figure, _ = by_hand
    rebuilt = done(client.get(f"/api/figures/{figure}/rebuilt"))
    assert [arm["name"] for arm in rebuilt["arms"]] == list(STEPS)
    drug = rebuilt["arms"][1]
    assert drug["n"] == 81
    assert 15 <= drug["median"] <= 24
    assert drug["n_risk"]["printed"] == ROWS["Drug"]
    assert len(drug["km"]) == len(drug["km_px"])
    assert (rebuilt["comparison"]["treatment"], rebuilt["comparison"]["reference"]) == ("Drug", "Placebo")
    turned = done(client.get(f"/api/figures/{figure}/rebuilt", params={"treatment": "Placebo", "reference": "Drug"}))["comparison"]
    assert turned["hr"] == pytest.approx(1 / rebuilt["comparison"]["hr"], rel=1e-6)
    hr = f"{rebuilt['comparison']['hr']:.2f}"
    rows = [{"quantity": "hr", "arm": "Drug", "reference": "Placebo", "value": hr}, {"quantity": "median", "arm": "Drug", "value": "35"}]
    agreement = done(client.put(f"/api/figures/{figure}/reported", json={"rows": rows}))
    assert [row["verdict"] for row in agreement["rows"]] == ["agrees", "differs"]
    assert done(client.get(f"/api/figures/{figure}/agreement"))["rows"] == agreement["rows"]
    typed = done(client.get(f"/api/figures/{figure}/reported"))["rows"]
    assert [(row["quantity"], row["value"]) for row in typed] == [("hr", hr), ("median", "35")]
    answer = done(client.put(f"/api/figures/{figure}/reported", json={"rows": [{"quantity": "hr", "value": "much"}]}), 400)
    assert "line 2, column 'value'" in answer["error"]
    assert done(client.get(f"/api/figures/{figure}/reported"))["rows"] == typed
    assert "no_total_events" in [flag["name"] for flag in drug["flags"]]
    done(client.put(f"/api/figures/{figure}/given", json={"n_event": {"Drug": 51, "Nobody": 3}}))
    drug = done(client.get(f"/api/figures/{figure}/rebuilt"))["arms"][1]
    assert drug["n_event"] == 51
    assert not {"no_total_events", "events_conflict"} & {flag["name"] for flag in drug["flags"]}
    done(client.put(f"/api/figures/{figure}/given", json={"n_event": {"Drug": -5}}), 422)
    done(client.put(f"/api/figures/{figure}/given", json={}))


def test_where_nothing_tells_the_number_of_patients_it_is_asked_for(client, read):
    figure, _ = read
    arms = [arm["name"] for arm in done(client.get(f"/api/figures/{figure}"))["panels"][0]["arms"]]
    assert done(client.get(f"/api/figures/{figure}/rebuilt"), 400)["needs_n"] == arms
    done(client.put(f"/api/figures/{figure}/given", json={"n": {arms[0]: 100}}))
    assert done(client.get(f"/api/figures/{figure}/rebuilt"), 400)["needs_n"] == arms[1:]
    done(client.put(f"/api/figures/{figure}/given", json={"n": {arm: 100 for arm in arms}}))
    assert [arm["n"] for arm in done(client.get(f"/api/figures/{figure}/rebuilt"))["arms"]] == [100, 100]


def test_downloads(client, by_hand, bench):
    figure, _ = by_hand
    done(client.get(f"/api/figures/{figure}/rebuilt"))
    names = [row["name"] for row in done(client.get(f"/api/figures/{figure}/files"))]
    assert {"curves.csv", "edits.json", "ipd.csv", "figure.zip"} <= set(names)
    for name in names:
        answer = client.get(f"/api/figures/{figure}/files/{name}")
        assert answer.status_code == 200
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
        assert "sandbox" in answer.headers["content-security-policy"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.read("etc-by-hand/curves.csv") == (bench.figures.root / "etc-by-hand" / "curves.csv").read_bytes()
        assert not [name for name in archive.namelist() if "journal" in name]


def test_two_readers_and_their_consensus(client, by_hand, bench):
    figure, _ = by_hand
    done(client.post(f"/api/figures/{figure}/readers", json={"reader": "anna"}), 201)
    assert settled(client, figure, "anna")["status"] == "failed"
    first = done(client.get(f"/api/figures/{figure}"))
    edit(client, figure, *first["edits"], {"edit": "cell", "arm": "Drug", "time": 12, "n_risk": 52}, {"edit": "marks", "arm": "Placebo", "add": [20.0]},
         {"edit": "points", "arm": "Drug", "points": [[15, 0.45], [23.9, 0.45]], "to": 24.0}, {"edit": "rename_arm", "arm": "Drug", "name": "Drug X"},
         {"edit": "rename_panel", "panel": "1", "name": "OS"}, reader="anna")  # fmt: skip
    assert [row["reader"] for row in done(client.get(f"/api/figures/{figure}/readers"))["readers"]] == [None, "anna"]
    state = done(client.get("/api/state"))["figures"]
    assert [row["readers"] for row in state if row["id"] == figure] == [["anna"]]
    assert not [row for row in state if row["name"].endswith(".anna")]
    compared = done(client.get(f"/api/figures/{figure}/compare", params={"b": "anna"}))
    panel = compared["panels"][0]
    assert panel["cells"] == [{"arm": "Drug", "time": 12.0, "a": 50, "b": 52}]
    drug = panel["arms"][1]
    assert (drug["name_a"], drug["name_b"]) == ("Drug", "Drug X")
    assert drug["largest_difference"] == pytest.approx(0.05, abs=1e-6)
    assert [round(value) for value in (drug["stretches"][0]["from"], drug["stretches"][0]["to"])] == [15, 24]
    assert compared["statistics"]["cells_equal"] == 7
    assert compared["statistics"]["n_cells"] == 8
    assert 0.99 < compared["statistics"]["icc"] < 1
    assert panel["hr"]["ratio"] != 1
    assert [choice["part"] for choice in compared["choices"]] == ["marks", "curve", "name", "cell"]
    choices = [choice | {"take": "b" if choice["part"] in ("cell", "name", "curve") else "a"} for choice in compared["choices"]]
    agreed = done(client.post(f"/api/figures/{figure}/consensus", json={"a": None, "b": "anna", "choices": choices}))
    arms = {arm["name"]: arm for arm in agreed["figure"]["panels"][0]["arms"]}
    assert list(arms) == ["Placebo", "Drug X"]
    assert arms["Placebo"]["marks"] == []
    left = done(client.get(f"/api/figures/{figure}/compare", params={"a": "consensus", "b": "anna"}))
    assert [choice["part"] for choice in left["choices"]] == ["marks"]
    record = json.loads((bench.figures.root / "etc-by-hand.consensus" / "consensus.json").read_text())
    assert record["statistics"]["n_cells"] == 8
    assert [choice["take"] for choice in record["choices"]] == ["b", "a", "b", "b"]
    assert client.get(f"/api/figures/{figure}/files/consensus.json", params={"reader": "consensus"}).status_code == 200
    assert client.get(f"/api/figures/{figure}/compare", params={"b": "nobody"}).status_code == 404
    assert client.get(f"/api/figures/{figure}/compare").status_code == 400
    assert done(client.get(f"/api/figures/{figure}"))["edits"] == first["edits"]


def test_pooling_figures_and_typed_rows(client, by_hand):
    figure, _ = by_hand
    rows = [row for row in done(client.get("/api/pool/rows"))["rows"] if row["figure"] == figure and row["source"] == "reconstructed"]
    assert [(row["treatment"], row["reference"]) for row in rows] == [("Drug", "Placebo")]
    rebuilt = done(client.get(f"/api/figures/{figure}/rebuilt"))["comparison"]
    assert rows[0]["hr"] == pytest.approx(rebuilt["hr"], rel=1e-6)
    given = [
        {"study": "A", "figure": figure, "treatment": "Drug", "reference": "Placebo", "aetiology": "x"},
        {"study": "B", "hr": "0.80", "ci_low": "0.60", "ci_high": "1.07", "aetiology": "x"},
        {"study": "C", "yi": -0.3, "sei": 0.2, "aetiology": "y"},
    ]
    answer = done(client.post("/api/pool", json={"rows": given, "measure": "HR", "by": "aetiology", "outcome": "Overall <b>survival"}))
    studies = answer["pooled"]["studies"]
    assert [study["study"] for study in studies] == ["A", "B", "C"]
    assert studies[0]["yi"] == pytest.approx(np.log(rebuilt["hr"]), rel=1e-6)
    assert [group["name"] for group in answer["pooled"]["subgroups"]] == ["x", "y"]
    assert answer["forest"].lstrip().startswith("<?xml")
    for name in answer["files"]:
        assert client.get(f"/api/pool/files/{name}").status_code == 200
    report = client.get("/api/pool/files/pooled.html").text
    assert "<h1>Overall &lt;b&gt;survival</h1>" in report
    assert answer["words"][0].replace("<", "&lt;") in report
    table = list(csv.DictReader(io.StringIO(client.get("/api/pool/files/studies.csv").text)))
    assert [row["source"] for row in table][0] == "reconstructed"
    assert str(Path.home()) not in client.get("/api/pool/files/studies.csv").text
    assert "tau2" in done(client.post("/api/pool", json={"rows": given, "tau2": "none"}), 400)["error"]
    assert "Row 1" in done(client.post("/api/pool", json={"rows": [{"figure": figure, "treatment": "Nobody"}]}), 400)["error"]
    done(client.post("/api/pool", json={"rows": []}), 400)
    done(client.post("/api/pool", json={"rows": 1}), 422)


# --- reading with text, documents ------------------------------------------------------------------------------------


def test_a_dropped_figure_is_read_and_the_overlay_comes_at_once(client, bench):
    content, box = draw(True)
    figure = done(client.post("/api/figures", params={"name": "dropped.png"}, content=content), 201)["id"]
    busy = client.post(f"/api/figures/{figure}/edits", json={"revision": 0, "edits": [{"edit": "unit", "unit": "days"}]})
    assert busy.status_code in (200, 503)
    status = settled(client, figure)
    assert status["status"] == "read", status
    start = time.process_time()
    seen = done(client.get(f"/api/figures/{figure}"))
    assert time.process_time() - start < 0.3
    panel = seen["panels"][0]
    assert {arm["name"] for arm in panel["arms"]} == set(STEPS)
    cells = {(cell["arm"], cell["time"]): cell for cell in panel["at_risk"]["cells"]}
    assert cells["Drug", 24.0]["n_risk"] == ROWS["Drug"][2]
    x = box[0] + (box[2] - box[0]) / 2
    assert cells["Drug", 24.0]["box"][0] < x < cells["Drug", 24.0]["box"][2]
    assert cells["Drug", 24.0]["box"][3] > cells["Placebo", 24.0]["box"][3]
    twice = done(client.post("/api/figures", params={"name": "again.png"}, content=content))
    assert twice == {"id": figure, "status": "read"}
    tag = client.get(f"/api/figures/{figure}/image").headers["etag"]
    assert client.get(f"/api/figures/{figure}/image", headers={"If-None-Match": tag}).status_code == 304


def test_a_document_of_several_pages_lets_choose(client):
    from matplotlib.backends.backend_pdf import PdfPages

    content = io.BytesIO()
    with PdfPages(content) as pages:
        for with_plot in (False, True):
            figure = Canvas(figsize=(6, 4))
            FigureCanvasAgg(figure)
            figure.text(0.1, 0.95, "A page of prose.")
            if with_plot:
                axes = figure.add_axes((0.15, 0.15, 0.8, 0.75))
                axes.step([0, 5, 10, 20], [1, 0.8, 0.6, 0.6], where="post", label="Drug")
                axes.step([0, 4, 11, 20], [1, 0.7, 0.4, 0.4], where="post", label="Placebo")
                axes.set(xlim=(0, 24), ylim=(0, 1), xticks=range(0, 25, 6), xlabel="Months", ylabel="Survival")
                axes.legend()
            pages.savefig(figure)
    document = done(client.post("/api/figures", params={"name": "paper.pdf"}, content=content.getvalue()), 201)
    assert document["status"] == "pages"
    for _ in range(20):
        pages = done(client.get(f"/api/figures/{document['id']}/status", params={"wait": 5}))["pages"]
        if all(page["n_plots"] is not None for page in pages):
            break
    assert [page["n_plots"] for page in pages] == [0, 1]
    assert client.get(f"/api/figures/{document['id']}/page/2").content.startswith(b"\x89PNG")
    assert client.get(f"/api/figures/{document['id']}/page/3").status_code == 404
    page = done(client.post(f"/api/figures/{document['id']}/read", json={"page": 2}), 202)["id"]
    assert page != document["id"]
    assert settled(client, page)["status"] == "read"
    seen = done(client.get(f"/api/figures/{page}"))
    assert (seen["kind"], seen["command"]) == ("vector", "ipdrecon digitise paper.pdf --page 2 --out paper-p2")
    assert np.allclose([arm["points"][1] for arm in seen["panels"][0]["arms"]], [[5, 0.8], [4, 0.7]], atol=1e-3)
    assert done(client.get(f"/api/figures/{document['id']}/status"))["pages"][1]["figure"] == page
    picture = done(client.post(f"/api/figures/{document['id']}/read", json={"page": 1, "as_picture": True, "ocr": False}), 202)["id"]
    assert settled(client, picture)["status"] == "failed"
    assert client.get(f"/api/figures/{picture}/image").content.startswith(b"\x89PNG")
    done(client.post(f"/api/figures/{document['id']}/read", json={"page": 9}), 400)
    prose = done(client.post(f"/api/figures/{document['id']}/read", json={"page": 1}), 202)["id"]
    status = settled(client, prose)
    assert (status["status"], status["instead"]) == ("failed", picture)
    assert "No plot was found on page 1" in status["message"]


def test_a_drawing_without_a_plot_is_being_read_until_its_picture_is_there(client):
    """Whoever follows the reading is never told of a failure before the picture that can be done by hand."""
    drawn = b'<svg xmlns="http://www.w3.org/2000/svg" width="400" height="300"><path d="M50 250H380M50 250V20" stroke="#000"/></svg>'
    figure = done(client.post("/api/figures", params={"name": "drawn.svg"}, content=drawn), 201)["id"]
    for _ in range(100):
        seen = done(client.get(f"/api/figures/{figure}/status", params={"wait": 10}))
        if seen["status"] != "reading":
            break
    assert seen["instead"], seen
    assert done(client.get(f"/api/figures/{seen['instead']}"))["file"] == "drawn-p1-picture.png"


def test_what_takes_too_long_or_too_much_is_ended_and_the_next_job_done(bench, monkeypatch):
    from ipdrecon.app.workbench import worker as workers

    path = bench.scratch / "some.png"
    path.write_bytes(draw(False)[0])
    worker = workers.Worker("slow")
    try:
        with pytest.raises(workers.WorkerError, match="more than 0.001 s and was stopped"):
            worker.call("summarise", seconds=0.001, source=str(path))
        assert worker.call("summarise", seconds=60, source=str(path))["kind"] == "PNG"
        worker._process.kill()
        worker._process.wait()
        assert worker.call("summarise", seconds=60, source=str(path))["kind"] == "PNG"
    finally:
        worker.close()
    monkeypatch.setattr(workers, "MOST_MEMORY", 200 * 1024**2)
    small = workers.Worker("small")
    try:
        with pytest.raises((workers.WorkerError, workers.JobError)):
            small.call("read", seconds=60, source=str(path), ocr=False, edits=[])
    finally:
        small.close()


def test_a_reading_can_be_stopped(client, bench, monkeypatch):
    content, _ = draw(True, colours={"Drug": "tab:purple"})
    figure = done(client.post("/api/figures", params={"name": "stopped.png"}, content=content), 201)["id"]
    done(client.delete(f"/api/figures/{figure}/read"))
    status = settled(client, figure)
    assert (status["status"], status["message"]) == ("failed", "It was stopped.")


def test_stopping_a_reading_that_waits_leaves_the_one_under_way_alone(client, bench):
    with bench.crew.reader._turn:
        ids = []
        for name in ("first", "second"):
            content, _ = draw(False, colours={"Drug": "tab:olive" if name == "first" else "tab:pink"})
            ids.append(done(client.post("/api/figures", params={"name": name, "read": 0}, content=content), 201)["id"])
            done(client.post(f"/api/figures/{ids[-1]}/read", json={"ocr": False}), 202)
        done(client.delete(f"/api/figures/{ids[1]}/read"))
        assert done(client.get(f"/api/figures/{ids[0]}/status"))["status"] == "reading"
    assert "stopped" not in settled(client, ids[0])["message"]
    assert settled(client, ids[1])["message"] == "It was stopped."


# --- folders that other hands have made ------------------------------------------------------------------------------


@pytest.fixture
def made_on_the_command_line(bench, tmp_path):
    """A figure folder made by `ipdrecon digitise` under the served root; its name."""
    from ipdrecon.app.commands import main

    name = f"line-{tmp_path.name}"
    path = bench.figures.root / f"{name}.png"
    content, box = draw(False, colours={"Drug": tuple(np.random.default_rng(len(name)).random(3) * 0.5)})
    path.write_bytes(content)
    (tmp_path / "edits.json").write_text(json.dumps([{"edit": "add_panel", "panel": "1", "box": [box[0], box[1] - 10, box[2], box[3]]}, *axes_edits(box)]))
    (tmp_path / "at_risk.csv").write_text("arm,time,n_risk\narm 1,0,80\narm 1,12,60\narm 2,0,81\narm 2,12,\n")
    given = ["--edits", str(tmp_path / "edits.json"), "--at-risk", str(tmp_path / "at_risk.csv"), "--name", "arm 1=Placebo", "--unit", "months"]
    (tmp_path / "at_risk.csv").write_text((tmp_path / "at_risk.csv").read_text().replace("arm 1", "Placebo"))
    assert main(["digitise", str(path), "--no-ocr", "-q", *given]) in (0, 3)
    return name


def found(client, name):
    bench_state = done(client.get("/api/state"))["figures"]
    return next(row["id"] for row in bench_state if row["name"] == name)


def test_what_the_command_line_was_given_is_kept(client, bench, made_on_the_command_line):
    figure = found(client, made_on_the_command_line)
    seen = done(client.get(f"/api/figures/{figure}"))
    assert (seen["status"], seen["revision"], seen["can_undo"]) == ("read", 0, False)
    assert [edit["edit"] for edit in seen["edits"]] == ["add_panel", "axis", "axis", "unit", "rename_arm"]
    assert not (bench.figures.root / made_on_the_command_line / "journal.json").exists()
    after = edit(client, figure, {"edit": "end", "arm": "Placebo", "time": 44.0})
    panel = after["panels"][0]
    assert [arm["name"] for arm in panel["arms"]] == ["Placebo", "arm 2"]
    assert [cell["n_risk"] for cell in panel["at_risk"]["cells"]] == [80, 60, 81, None]
    assert panel["arms"][0]["points"][-1][0] == 44
    assert panel["arms"][1]["points"] == seen["panels"][0]["arms"][1]["points"]


def test_tables_changed_by_hand_are_not_written_over_unasked(client, bench, made_on_the_command_line):
    path = bench.figures.root / made_on_the_command_line / "curves.csv"
    figure = found(client, made_on_the_command_line)
    before = done(client.get(f"/api/figures/{figure}"))["panels"][0]["arms"][0]["points"]
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:2], *lines[3:]]) + "\n")
    assert done(client.get(f"/api/figures/{figure}"))["panels"][0]["arms"][0]["points"] == [before[0], *before[2:]]
    before = path.read_bytes()
    answer = edit(client, figure, {"edit": "unit", "unit": "weeks"}, status=400)
    assert (answer["can_keep"], answer["overwrites"]) == (True, True)
    assert "changed by hand" in answer["error"]
    assert path.read_bytes() == before
    assert edit(client, figure, {"edit": "unit", "unit": "weeks"}, keep=True)["status"] == "read"


def test_one_bad_folder_does_not_hide_the_others(client, bench, made_on_the_command_line):
    folder = bench.figures.root / made_on_the_command_line
    (folder / "edits.json").write_text('[{"edit": "none"}]')
    alone = bench.figures.root / "alone"
    alone.mkdir(exist_ok=True)
    (alone / "curves.csv").write_text("arm,time,survival\nA,0,1\nA,5,0.5\n")
    for name, content in (("half", "{"), ("odd", "[1]")):
        (bench.figures.root / name).mkdir(exist_ok=True)
        (bench.figures.root / name / "figure.json").write_text(content)
    figure = found(client, made_on_the_command_line)
    seen = done(client.get(f"/api/figures/{figure}"))
    assert "edit 1: its kind is 'none'" in seen["message"]
    assert "edit 1" in edit(client, figure, {"edit": "unit", "unit": "weeks"}, status=400)["error"]
    assert (folder / "edits.json").read_text() == '[{"edit": "none"}]'
    seen = done(client.get(f"/api/figures/{found(client, 'alone')}"))
    assert (seen["status"], seen["has_image"], seen["panels"][0]["arms"][0]["points"]) == ("read", False, [[0, 1], [5, 0.5]])
    for name in ("half", "odd"):
        assert done(client.get(f"/api/figures/{found(client, name)}"))["status"] in ("new", "failed")


@pytest.mark.skipif(os.name != "posix", reason="links as POSIX has them")
def test_links_lead_nowhere(client, bench, tmp_path):
    (tmp_path / "secret.csv").write_text("arm,time,survival\nsecret,0,1\nsecret,5,0.5\n")
    (tmp_path / "place").mkdir()
    (tmp_path / "place" / "fig.png").write_bytes(draw(False)[0])
    folder = bench.figures.root / "links"
    folder.mkdir()
    (folder / "curves.csv").symlink_to(tmp_path / "secret.csv")
    (folder / "ipd.csv").symlink_to(tmp_path / "secret.csv")
    (bench.figures.root / "place").symlink_to(tmp_path / "place")
    (bench.figures.root / "picture.png").symlink_to(tmp_path / "place" / "fig.png")
    (bench.figures.root / "links.mine").symlink_to(tmp_path / "place")
    names = [row["name"] for row in done(client.get("/api/state"))["figures"]]
    assert not {"place", "fig", "picture"} & set(names)
    figure = found(client, "links")
    assert done(client.get(f"/api/figures/{figure}/files")) == []
    for name in ("curves.csv", "ipd.csv"):
        assert client.get(f"/api/figures/{figure}/files/{name}").status_code == 404
    assert "secret" not in client.get(f"/api/figures/{figure}").text
    assert client.get(f"/api/figures/{figure}", params={"reader": "mine"}).status_code == 404


@pytest.mark.skipif(os.name != "posix", reason="links as POSIX has them")
def test_nothing_is_taken_from_behind_a_link_in_a_folder(client, bench, tmp_path):
    others = {
        "reported.csv": "quantity,value,source\nhr,0.5,secret\n",
        "edits.json": '[{"edit": "unit", "unit": "secret"}]',
        "journal.json": '{"schema_version": 1, "edits": [], "given": {"n": {"secret": 5}}}',
        "trial.toml": 'name = "secret"\n',
    }
    folder = bench.figures.root / "trial" / "linked"
    folder.mkdir(parents=True)
    (folder / "curves.csv").write_text("arm,time,survival\nA,0,1\nA,5,0.5\n")
    for name, content in others.items():
        (tmp_path / name).write_text(content)
        (folder.parent if name == "trial.toml" else folder).joinpath(name).symlink_to(tmp_path / name)
    figure = found(client, "linked")
    row = next(row for row in done(client.get("/api/state"))["figures"] if row["id"] == figure)
    assert (row["has_reported"], row["trial"]) == (False, None)
    seen = client.get(f"/api/figures/{figure}").text
    assert "edits.json of the folder linked is a link" in seen
    assert "secret" not in seen
    assert done(client.get(f"/api/figures/{figure}/reported"))["rows"] == []
    assert edit(client, figure, {"edit": "unit", "unit": "weeks"}, status=400)["error"].startswith("edits.json of the folder linked")
    assert {name: (tmp_path / name).read_text() for name in others} == others


# --- killed ----------------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """Stands in for SIGKILL: nothing after it is done."""


def test_wherever_a_save_is_cut_nothing_is_lost_nor_half_written(tmp_path, made_digitisation, monkeypatch):
    """Every edit that was answered is there, the edit that was not is there whole or not at all."""
    from ipdrecon.app.library import digitisation_files

    def answer(edits):
        from dataclasses import replace

        files = digitisation_files(replace(made_digitisation(), edits=tuple(edits)))
        return {"files": {name: content.decode() for name, content in files.items()}, "view": {"panels": [], "flags": [], "confidence": 1.0}}

    crew = SimpleNamespace(learn=lambda rows: None)
    source = tmp_path / "made.png"
    source.write_bytes(b"not read here")
    real, cut_at = os.replace, [-1]

    def replace_or_die(part, path):
        cut_at[0] -= 1
        if cut_at[0] == 0:
            raise Killed
        real(part, path)

    monkeypatch.setattr(os, "replace", replace_or_die)
    monkeypatch.setattr(stage, "_leave", lambda folder, home, lock: stage._let_go(lock))
    first, second = [{"edit": "unit", "unit": "months"}], [{"edit": "unit", "unit": "weeks"}]
    seen = set()
    for number in range(1, 20):
        desk = Desk(source, tmp_path / f"fig{number}", crew, tmp_path)
        cut_at[0] = -1
        desk._settle(desk.journal.appended(first), answer(first))
        cut_at[0] = number
        try:
            desk._settle(desk.journal.appended(second), answer(first + second))
            assert number > 5
            break
        except Killed:
            cut_at[0] = -1
        again = Desk(source, tmp_path / f"fig{number}", crew, tmp_path)
        assert list(again.journal.edits) in (first, first + second)
        seen.add(len(again.journal.edits))
        assert not list((tmp_path / f"fig{number}").glob(".*"))
        assert again.status == ("read" if not again.is_stale else "failed")
        if again.status == "read":
            assert list(read_digitisation(again.folder).edits) == list(again.journal.edits)
        if len(again.journal.edits) == 2:
            assert list(again.journal.undone().edits) == first
    assert seen == {1, 2}


@contextlib.contextmanager
def running_server(root, *more):
    """The command's process and its first line; nothing is left of it afterwards."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "cli.py"), "serve", str(root), "--no-browser", *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True
    )
    try:
        yield process, process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def _asking(httpx, address):
    base, token = address.split("/?token=")
    return httpx.Client(base_url=base, headers={"X-Ipdrecon-Token": token}, timeout=120)


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_a_killed_server_loses_no_answered_edit(client, bench):
    httpx = pytest.importorskip("httpx")
    content, box = draw(False)
    root = bench.figures.root / "killed"
    root.mkdir()
    answered = []
    with running_server(root) as (process, address), _asking(httpx, address) as other:
        figure = taken(other, content, "killed.png")
        seen = edit(other, figure, {"edit": "add_panel", "panel": "1", "box": [box[0], box[1] - 10, box[2], box[3]]}, *axes_edits(box))

        def work():
            revision = seen["revision"]
            for number in range(1000):
                own = {"edit": "end", "panel": "1", "arm": "arm 1", "time": 45.0 - number / 100}
                try:
                    answer = other.post(f"/api/figures/{figure}/edits", json={"revision": revision, "edits": [own]})
                except httpx.HTTPError:
                    return
                revision = answer.json()["revision"]
                answered.append(own)

        worker = threading.Thread(target=work)
        worker.start()
        while len(answered) < 5 and worker.is_alive():
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        worker.join()
    figure = next(row["id"] for row in done(client.get("/api/state"))["figures"] if row["name"] == "killed")
    done(client.get(f"/api/figures/{figure}"))
    settled(client, figure)
    now = done(client.get(f"/api/figures/{figure}"))
    ends = [one for one in now["edits"] if one["edit"] == "end"]
    assert ends[: len(answered)] == answered
    assert len(ends) <= len(answered) + 1
    assert now["status"] == "read"
    assert now["panels"][0]["arms"][0]["points"][-1][0] == pytest.approx(ends[-1]["time"])
    undone = done(client.post(f"/api/figures/{figure}/undo", json={"revision": now["revision"]}))
    assert [one for one in undone["edits"] if one["edit"] == "end"] == ends[:-1]
    assert not list(root.rglob("*.part"))


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_the_address_is_told_first_and_an_interrupt_ends_it_cleanly(tmp_path):
    with running_server(tmp_path, "--json") as (process, line):
        address = json.loads(line)["address"]
        assert address.startswith("http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        out, complaints = process.communicate(timeout=60)
        assert (process.returncode, out, "Traceback" in complaints) == (0, "", False)
    assert list(tmp_path.iterdir()) == []


# --- the journal and the command -------------------------------------------------------------------------------------


def test_a_journal_is_read_back_as_it_was(tmp_path):
    journal = Journal().appended([{"edit": "unit", "unit": "days"}]).appended([{"edit": "arms", "count": 2}]).undone().knowing(n={"A": 3})
    journal.write(tmp_path)
    assert Journal.read(tmp_path) == journal
    assert list(Journal.read(tmp_path).redone().edits) == [{"edit": "unit", "unit": "days"}, {"edit": "arms", "count": 2}]
    (tmp_path / JOURNAL).write_text("{half")
    assert Journal.read(tmp_path).edits == journal.edits
    assert Journal.read(tmp_path / "nowhere") == Journal(given={})


def test_without_the_servers_packages_the_command_says_what_to_install(monkeypatch, capsys):
    from ipdrecon.app.commands import main

    monkeypatch.setitem(sys.modules, "uvicorn", None)
    assert main(["serve", "--no-browser"]) == 1
    assert "pip install 'ipdrecon[workbench]'" in capsys.readouterr().err


def test_a_folder_that_is_not_there_and_a_port_that_is_taken(tmp_path, capsys):
    import socket

    from ipdrecon.app.commands import main

    assert main(["serve", str(tmp_path / "nowhere"), "--no-browser"]) == 1
    assert "is not there" in capsys.readouterr().err
    with socket.socket() as taken_one:
        taken_one.bind(("127.0.0.1", 0))
        taken_one.listen()
        port = taken_one.getsockname()[1]
        assert main(["serve", str(tmp_path), "--no-browser", "--port", str(port)]) == 1
    assert f"Port {port} cannot be used" in capsys.readouterr().err
