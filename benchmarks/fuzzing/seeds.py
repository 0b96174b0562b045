"""Small sound files of every kind that is read, made here; the fuzz run damages them."""

import base64
import csv
import gzip
import io
import json
import tempfile
import zipfile
import zlib
from pathlib import Path

import cv2
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

TICKS = (0, 6, 12, 18, 24)
PATIENTS = {"Placebo": (60, 9.0), "Drug": (62, 16.0)}


# --- figures ---------------------------------------------------------------------------------------------------------


def km_figure(*, with_table=True):
    """A Kaplan-Meier plot of two arms, with numbers at risk below it."""
    figure = Figure(figsize=(4.2, 3.2), dpi=100)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0.2, 0.36, 0.75, 0.6))
    for row, (arm, (n, mean)) in enumerate(PATIENTS.items()):
        time = np.sort(np.random.default_rng(row).exponential(mean, n))
        time = time[time < TICKS[-1]]
        axes.step(np.r_[0, time, TICKS[-1]], np.r_[1, 1 - np.arange(1, len(time) + 1) / n, 1 - len(time) / n], where="post", label=arm, color=("tab:blue", "tab:red")[row])
        for tick in TICKS if with_table else ():
            axes.text(tick, -0.45 - 0.14 * row, str(n - int((time < tick).sum())), ha="center", fontsize=8)
        if with_table:
            axes.text(-3, -0.45 - 0.14 * row, arm, ha="right", fontsize=8)
    axes.set(xlim=(0, TICKS[-1]), ylim=(0, 1), xticks=TICKS, xlabel="Time (months)", ylabel="Overall survival")
    if with_table:
        axes.text(-3, -0.33, "No. at risk", ha="right", fontsize=8)
    axes.legend(fontsize=7)
    return figure


def saved(figure, kind, **options):
    content = io.BytesIO()
    figure.savefig(content, format=kind, **options)
    return content.getvalue()


def figure_px():
    return np.asarray(Image.open(io.BytesIO(saved(km_figure(), "png"))).convert("RGB"))


def _small_px():
    px = np.full((66, 88, 3), 255, np.uint8)
    px[50:52, 10:80] = px[8:52, 10:12] = 0
    for column in range(12, 80):
        px[10 + column // 2, column] = (220, 30, 30)
        px[12 + column // 4, column] = (30, 30, 220)
    return px


def _pil(image, kind, **options):
    content = io.BytesIO()
    image.save(content, kind, **options)
    return content.getvalue()


def pictures():
    """Pictures of each format in several of its forms, by format."""
    px = _small_px()
    image = Image.fromarray(px)
    grey, palette, clear = image.convert("L"), image.convert("P", palette=Image.Palette.ADAPTIVE), image.convert("RGBA")
    deep = (np.asarray(px, np.uint16) * 257)[:, :, ::-1]
    exif = Image.Exif()
    exif[0x0112] = 6
    frames = [palette, grey.convert("P")]
    return {
        "png": [_pil(image, "PNG"), _pil(palette, "PNG", transparency=0), _pil(clear, "PNG"), _pil(grey, "PNG"), _pil(image.convert("1"), "PNG"), cv2.imencode(".png", deep)[1].tobytes(), _pil(image, "PNG", save_all=True, append_images=[image])],
        "jpeg": [_pil(image, "JPEG"), _pil(grey, "JPEG"), _pil(image, "JPEG", progressive=True, quality=60), _pil(image.convert("CMYK"), "JPEG"), _pil(image, "JPEG", exif=exif)],
        "webp": [_pil(image, "WEBP"), _pil(image, "WEBP", lossless=True), _pil(clear, "WEBP"), _pil(image, "WEBP", save_all=True, append_images=[image])],
        "tiff": [*(_pil(image, "TIFF", compression=way) for way in (None, "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg")), _pil(grey, "TIFF"), _pil(image.convert("1"), "TIFF", compression="group4"), _pil(image, "TIFF", save_all=True, append_images=[grey, image]), cv2.imencode(".tiff", deep)[1].tobytes(), _pil(clear, "TIFF"), _pil(image.convert("CMYK"), "TIFF")],
        "bmp": [_pil(image, "BMP"), _pil(palette, "BMP"), _pil(grey, "BMP"), _pil(image.convert("1"), "BMP"), cv2.imencode(".bmp", np.dstack([px, px[:, :, :1]]))[1].tobytes()],
        "gif": [_pil(palette, "GIF"), _pil(palette, "GIF", save_all=True, append_images=frames, duration=10), _pil(palette, "GIF", transparency=0)],
    }


def svgs():
    """SVG files: as matplotlib writes them, and one with the parts that it does not use."""
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": "1", "svg.fonttype": "none"}):
        drawn = saved(km_figure(), "svg", metadata={"Date": None})
    png = base64.b64encode(pictures()["png"][1]).decode()
    odd = f"""<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE svg [<!ENTITY unit "months">]>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="200" height="150" viewBox="0 0 200 150">
<style>.a{{stroke:#d22;fill:none;stroke-width:1.5}} g > text{{font-size:8px}} #t{{fill:rgb(0,0,0)}}</style>
<defs><linearGradient id="l"><stop offset="0" stop-color="red"/></linearGradient><clipPath id="c"><rect x="20" y="10" width="170" height="100"/></clipPath>
<path id="m" d="M-2 0h4M0-2v4"/><symbol id="s" viewBox="0 0 4 4"><circle cx="2" cy="2" r="2"/></symbol></defs>
<g transform="translate(5,5) scale(1.0)" clip-path="url(#c)"><path class="a" d="M20 10H40V30H80V60l30 0 0 20A3 3 0 0 1 120 90C130 90 140 95 150 100z"/>
<polyline points="20,10 50,10 50,40 90,40" style="stroke:blue;fill:none;stroke-dasharray:4 2"/><use xlink:href="#m" x="60" y="30" stroke="black"/><use href="#s" x="9" y="9" width="4" height="4"/></g>
<image x="150" y="5" width="40" height="30" xlink:href="data:image/png;base64,{png}"/>
<g id="t"><text x="20" y="130">0</text><text x="80" y="130">12</text><text transform="rotate(-90 10 60)" x="10" y="60">Survival<tspan dx="2">(%)</tspan></text><text x="60" y="145">Time, &unit;</text></g>
<rect x="1" y="1" width="198" height="148" fill="url(#l)" opacity=".1"/><ellipse cx="9" cy="9" rx="3" ry="2"/><line x1="0" y1="0" x2="9" y2="9" stroke="currentColor"/></svg>""".encode()
    return {"svg": [drawn, odd], "svgz": [gzip.compress(odd, mtime=0)]}


def _pdf(objects):
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, table, len(objects) + 1, len(out))


def _stream(entries, content):
    return b"<<%b/Length %d>>\nstream\n%b\nendstream" % (entries, len(content), content)


def pdfs():
    """PDF files: as matplotlib writes them, and one with forms, pictures, patterns and fonts."""
    import matplotlib

    with matplotlib.rc_context({"pdf.compression": 0}):
        plain = saved(km_figure(), "pdf", metadata={"CreationDate": None})
    packed = saved(km_figure(with_table=False), "pdf", metadata={"CreationDate": None})
    px = _small_px()
    picture = b"/Type/XObject/Subtype/Image/Width 88/Height 66/BitsPerComponent 8/ColorSpace/DeviceRGB/Filter/FlateDecode"
    content = b"q 1 0 0 1 5 5 cm /F Do Q q 80 0 0 60 100 100 cm /I Do Q 0.5 w [3 2] 0 d 20 20 m 40 20 l 40 60 l 80 10 90 20 99 99 c S BT /T 9 Tf 20 10 Td (0) Tj 30 0 Td (12) Tj [(At) -200 (risk)] TJ ET /Pattern cs /P scn 5 5 30 20 re f 1 0 0 rg 3 3 9 9 re W n 0 0 50 50 re f /G gs 0 0 m 9 9 l B*"
    resources = b"<</Font<</T 5 0 R>>/XObject<</F 6 0 R/I 7 0 R>>/Pattern<</P 8 0 R>>/ExtGState<</G<</ca .5/CA .2>>>>>>"
    odd = _pdf([
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R 3 0 R]/Count 2>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/CropBox[0 0 290 190]/Rotate 90/Contents 4 0 R/Resources" + resources + b">>",
        _stream(b"", content), b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        _stream(b"/Type/XObject/Subtype/Form/BBox[0 0 90 90]/Matrix[1 0 0 1 0 0]", b"0 0 m 50 50 l S 10 10 20 20 re f"),
        _stream(picture + b"/SMask 9 0 R", zlib.compress(px.tobytes())),
        _stream(b"/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 5 5]/XStep 5/YStep 5/Resources<<>>", b"0 0 2 2 re f"),
        _stream(b"/Type/XObject/Subtype/Image/Width 2/Height 2/BitsPerComponent 8/ColorSpace/DeviceGray", b"\x00\x80\xff\x40"),
    ])
    return [plain, packed, odd]


# --- tables ----------------------------------------------------------------------------------------------------------

CURVES = b"panel,arm,time,survival\n1,Placebo,0,1\n1,Placebo,3.5,0.9\n1,Placebo,9,0.5\n1,Placebo,20,0.2\n1,Drug,0,1\n1,Drug,5,0.8\n1,Drug,21,0.4\n"
AT_RISK = b"panel,arm,time,n_risk\n1,Placebo,0,50\n1,Placebo,6,40\n1,Placebo,12,20\n1,Drug,0,52\n1,Drug,6,45\n1,Drug,12,33\n"
MARKS = b"panel,arm,time,survival\n1,Placebo,4,0.9\n1,Drug,15,0.8\n"
IPD = b"panel,arm,time,event\n" + b"".join(b"1,%b,%.2f,%d\n" % (arm, 1.5 * i + 1, i % 3 > 0) for arm in (b"Placebo", b"Drug") for i in range(12))
REPORTED = """panel,endpoint,population,quantity,arm,time,value,ci_low,ci_high,p,source,reference,n,percent,unit
1,overall survival,ITT,hr,Drug,,0.72 (0.58-0.89),,,0.012,Table 2,Placebo,112,,
1,overall survival,ITT,median,Placebo,,8.5,7,10.2,,Table 2,,50,,months
1,overall survival,ITT,median,Drug,,NR,12,,,Table 2,,52,,months
1,overall survival,ITT,survival,Placebo,12,45%,31,58,,text,,50,,
1,overall survival,ITT,survival,Drug,12,0·61,0·47,0·73,,text,,52,,
1,overall survival,ITT,n_risk,Drug,6,45,,,,Fig. 1,,,,
1,overall survival,ITT,events,Placebo,,"1,034",,,,text,,50,66%,patients
1,overall survival,ITT,logrank_p,,,<0.001,,,,text,,,,
""".encode()
CHARACTERISTICS = b"variable,level,Placebo,Drug,p\nn,,50,52,\nAge,mean (SD),61.2 (8.1),60.5 (9.0),0.6\nSex,male,30 (60%),31 (59.6%),0.9\nSex,female,20 (40%),21 (40.4%),\n"
STUDIES = b"study,year,yi,sei,hr,ci_low,ci_high,events_1,n_1,events_2,n_2,subgroup,source\nA 2001,2001,-0.3,0.12,,,,,,,,old,x\nB 2005,2005,,,0.8,0.6,1.07,,,,,new,x\nC 2010,2010,,,0.71,0.5,1.01,,,,,new,y\n"
COUNTS = b"study;events_1;n_1;events_2;n_2;subgroup\nA;4;123;11;139;x\nB;6;306;29;303;x\nC;3;231;11;220;y\nD;0;50;2;48;y\n"
ROUTES = b"study,measure,p,p_sides,favours,events,allocation,o_minus_e,v,median_1,median_2,hr,ci_low,ci_high\nA,HR,0.03,2,treatment,80,1:1,,,,,,,\nB,HR,,,,,,-6.2,18.5,,,,,\nC,HR,,,,90,1:1,,,12,9,,,\nD,HR,,,,,,,,,,0.7,0.5,0.98\n"
WITH_PATIENTS = b"study,ipd,treatment,reference,yi,sei\nOwn,ipd.csv,Drug,Placebo,,\nOther,,,,-0.2,0.15\n"
COORDINATES = {
    "plain.csv": b"time,survival\n0,1\n2,0.9\n4,0.7\n9,0.5\n14,0.31\n", "semi.csv": b"0,0;100\n1,5;92,5\n3,25;80\n6;71\n9,5;55\n",
    "blank.txt": b"ID Time Surv\n1 0.546 1.00\n2 1.05 1.00\n4 2.05 0.906\n6 2.98 0.815\n", "sets.csv": b"Placebo,,Drug,\nX,Y,X,Y\n0,1,0,1\n3,0.8,4,0.9\n8,0.5,9,0.7\n",
    "arms.csv": b"arm,time,survival\nPlacebo,0,1\nPlacebo,5,0.6\nDrug,0,1\nDrug,6,0.75\n",
}  # fmt: skip
RISKS = {"r.csv": b"time,n_risk\n0,50\n6,40\n12,20\n", "r.txt": b"Interval t.risk lower upper n.risk\n1 0 1 2 50\n2 3 3 4 40\n3 9 5 5 20\n", "ra.csv": b"arm,time,n_risk,n_event\nPlacebo,0,50,0\nPlacebo,6,40,8\n"}
REVIEW = b'title = "Two drugs"\nnote = "n"\ndraws = 0\nseed = 1\n\n[[trial]]\nfolder = "t"\n\n[pool]\nendpoint = "overall survival"\nmeasure = "HR"\nhazard_ratio = "reconstructed"\nstudies = "studies.csv"\nby = "subgroup"\n'
OUTCOMES = b'title = "Two drugs"\n[[outcome]]\nname = "OS"\nstudies = "studies.csv"\nbaseline_risk = [0.2, 0.4]\nbaseline_time = "1 year"\nfavours = ["drug", "placebo"]\norder = "year"\neffect = 0.8\n\n[[outcome]]\nname = "Response"\nmeasure = "RR"\nstudies = "counts.csv"\nfixed = "mh"\ntotal = true\n'
TRIAL = b'id = "t"\nname = "Trial T"\nyear = 2020\ncitation = "A, B"\nreported = "reported.csv"\nadverse_events = ["AE"]\n\n[[arm]]\nlabel = "Placebo"\nreference = true\nn = 50\n\n[[arm]]\nlabel = "Drug"\nn = 52\nevents = 30\n\n[[figure]]\nfile = "figure.svg"\nendpoint = "overall survival"\ntime_unit = "months"\nx_range = [0, 24]\nat_risk = "at_risk.csv"\n[[printed_twice]]\nquantity = "hr"\nused = "Table 2"\nnot_used = "text"\nwhy = "typo"\n'
MANIFEST_CSV = b"figure,id,panel,page,arms,unit,at_risk,n,events\nfigure.svg,first,,1,2,months,at_risk.csv,Placebo=50; Drug=52,Placebo=30\nsub/figure.png,second,A,,,,,,\n"
MANIFEST_TOML = b'[[figure]]\nfigure = "figure.svg"\nid = "first"\narms = 2\nunit = "months"\n[figure.n]\nPlacebo = 50\nDrug = 52\n\n[[figure]]\nfigure = "b.png"\npage = 1\ntreatment = "Drug"\nreference = "Placebo"\n'
EDITS = [
    {"edit": "box", "box": [84, 13, 399, 205]}, {"edit": "axis", "axis": "time", "range": [0, 24]}, {"edit": "axis", "axis": "vertical", "ticks": [{"px": 13, "value": 1}, {"px": 205, "value": 0}]},
    {"edit": "unit", "unit": "months"}, {"edit": "scale", "scale": "survival"}, {"edit": "arms", "count": 2}, {"edit": "rename_arm", "arm": "arm 1", "name": "Placebo"},
    {"edit": "add_arm", "name": "Third", "points": [[0, 1], [5, 0.8], [20, 0.4]], "colour": [0, 9, 0]}, {"edit": "points", "arm": "Third", "points": [[6, 0.7], [9, 0.6]], "from": 5, "to": 12},
    {"edit": "end", "arm": "Placebo", "time": 20}, {"edit": "marks", "arm": "Placebo", "add": [3, 4], "clear": True}, {"edit": "row", "arm": "Placebo", "time": [0, 6, 12], "n_risk": [50, 40, None]},
    {"edit": "cell", "arm": "Placebo", "time": 6, "n_risk": 39}, {"edit": "delete_arm", "arm": "Third"},
]  # fmt: skip


def edits():
    return json.dumps({"schema_version": 1, "edits": EDITS}).encode()


# --- files of reviews ------------------------------------------------------------------------------------------------

_ROWS = (
    "Analysis group", "Analysis number", "Analysis name", "Subgroup", "Applicability", "Study", "Study year", "GIV Mean", "GIV SE", "Experimental cases", "Experimental N", "Control cases", "Control N", "O-E", "Variance", "CI start", "CI end", "Footnotes",
)  # fmt: skip


def _table(columns, rows):
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def data_rows():
    both = [{"Analysis group": 1, "Analysis number": 1, "Analysis name": "Deaths", "Study": f"T{i} 200{i}", "Study year": 2000 + i, "Experimental cases": 3 + i, "Experimental N": 50, "Control cases": 9, "Control N": 51} for i in range(4)]
    both += [{"Analysis group": 1, "Analysis number": 2, "Analysis name": "Survival", "Study": f"T{i} 200{i}", "GIV Mean": -0.2 - i / 10, "GIV SE": 0.11} for i in range(3)]
    both += [{"Analysis group": 2, "Analysis number": 1, "Analysis name": "Log-rank", "Study": "T1 2001", "O-E": -3.5, "Variance": 5.2}]
    return _table(_ROWS, both)


def package():
    settings = [
        {"Analysis group": 1, "Analysis number": 1, "Analysis group name": "Drug", "Analysis name": "Deaths", "Data type": "Dichotomous", "Effect measure": "Risk Ratio", "Statistical method": "Mantel-Haenszel", "Analysis model": "Random effects", "Swap events and nonevents": "No"},
        {"Analysis group": 1, "Analysis number": 2, "Analysis group name": "Drug", "Analysis name": "Survival", "Data type": "Contrast level", "Effect measure": "Hazard Ratio"},
        {"Analysis group": 2, "Analysis number": 1, "Analysis group name": "Drug", "Analysis name": "Log-rank", "Data type": "O-E and Variance", "Effect measure": "Hazard Ratio"},
    ]  # fmt: skip
    files = {
        "CD1/CD1-data-rows.csv": data_rows(), "CD1/CD1-overall-estimates-and-settings.csv": _table(list(settings[0]), settings),
        "CD1/CD1-risk-of-bias.csv": b"Study,Domain (judgement): Random sequence generation,Domain (support): Random sequence generation\nT1 2001,Low risk,x\n",
    }  # fmt: skip
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


RM5 = b"""<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<COCHRANE_REVIEW ID="1" REVMAN_VERSION="5" TYPE="INTERVENTION"><COVER_SHEET><TITLE>A &amp; B</TITLE></COVER_SHEET>
<STUDIES_AND_REFERENCES><STUDIES><INCLUDED_STUDIES><STUDY ID="STD-T1" NAME="Trial 1" YEAR="1941"/><STUDY ID="STD-T2" NAME="Trial 2" YEAR="1942"/></INCLUDED_STUDIES></STUDIES></STUDIES_AND_REFERENCES>
<QUALITY_ITEMS><QUALITY_ITEM ID="QIT-01" LEVEL="STUDY" NO="1"><NAME>Allocation concealment</NAME><QUALITY_ITEM_DATA><QUALITY_ITEM_DATA_ENTRY RESULT="YES" STUDY_ID="STD-T1"/></QUALITY_ITEM_DATA></QUALITY_ITEM></QUALITY_ITEMS>
<ANALYSES_AND_DATA><COMPARISON ID="CMP-001" NO="1"><NAME>Drug</NAME>
<DICH_OUTCOME EFFECT_MEASURE="RR" METHOD="MH" NO="1" RANDOM="YES" SWAP_EVENTS="YES"><NAME>Deaths</NAME><DICH_DATA EVENTS_1="4" EVENTS_2="11" STUDY_ID="STD-T1" TOTAL_1="123" TOTAL_2="139"/><DICH_DATA EVENTS_1="6" EVENTS_2="29" STUDY_ID="STD-T2" TOTAL_1="306" TOTAL_2="303"/></DICH_OUTCOME>
<IV_OUTCOME METHOD="IV" NO="2" RANDOM="NO"><NAME>Survival</NAME><EFFECT_MEASURE>Hazard Ratio</EFFECT_MEASURE><IV_SUBGROUP NO="1"><NAME>Young</NAME><IV_DATA EFFECT_SIZE="0.7788" SE="0.1" CI_START="0.6402" CI_END="0.9474" STUDY_ID="STD-T1"/></IV_SUBGROUP></IV_OUTCOME>
<IPD_OUTCOME METHOD="EXP_O_E_VAR" NO="3" RANDOM="NO"><NAME>Log-rank</NAME><EFFECT_MEASURE>Hazard Ratio</EFFECT_MEASURE><IPD_DATA O_E="-3.5" STUDY_ID="STD-T1" TOTAL_1="30" TOTAL_2="31" VAR="5.2"/></IPD_OUTCOME>
</COMPARISON></ANALYSES_AND_DATA></COCHRANE_REVIEW>"""


# --- what the program itself writes ----------------------------------------------------------------------------------


def figure_folder():
    """The files of a figure that was digitised, rebuilt with draws, and compared with what is printed."""
    from ipdrecon.app.given import Given
    from ipdrecon.app.workflow import digitise_to_folder, reconstruct_to_folder, validate_to_folder
    from ipdrecon.survival.reported import read_reported

    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        (home / "figure.svg").write_bytes(svgs()["svg"][0])
        (home / "reported.csv").write_bytes(REPORTED)
        digitise_to_folder(home / "figure.svg", home / "fig", Given(ocr=False))
        reconstruct_to_folder(home / "fig", draws=2)
        validate_to_folder(home / "fig", read_reported(home / "reported.csv"))
        return {path.name: path.read_bytes() for path in sorted((home / "fig").iterdir()) if path.suffix in (".csv", ".json", ".gz")}


def pooled_folder():
    """The files of a pooled result."""
    from ipdrecon.app.commands import main

    with tempfile.TemporaryDirectory() as place:
        table = Path(place) / "studies.csv"
        table.write_bytes(STUDIES)
        main(["pool", str(table), "--out", f"{place}/pooled", "--quiet"])
        return {path.name: path.read_bytes() for path in sorted((Path(place) / "pooled").iterdir()) if path.suffix in (".csv", ".json")}
