"""Files made to take all memory or time, or to lead elsewhere, end in one line or are read as far as they are fine."""

import base64
import contextlib
import io
import json
import os
import stat
import struct
import time
import warnings
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ipdrecon.app import json_files, tables
from ipdrecon.app.batch.job_run import standing_record
from ipdrecon.app.exchange.coordinates import read_coordinates
from ipdrecon.app.exchange.pooled_out import export_pooled_folder
from ipdrecon.app.exchange.risk_files import read_risk_file
from ipdrecon.app.given import read_edits
from ipdrecon.app.library import read_at_risk_tables, read_digitisation
from ipdrecon.app.review import read_review, read_trial
from ipdrecon.app.toml_lines import read_toml
from ipdrecon.app.workflow import read_arms, read_patients
from ipdrecon.audit.numbers import read_p, read_share
from ipdrecon.bounded import TooLarge, read_bounded
from ipdrecon.errors import FigureError, FolderError, IpdreconError, ReportedError
from ipdrecon.figure import decoding, source
from ipdrecon.figure.opening import open_sheet
from ipdrecon.figure.picture import summarise
from ipdrecon.figure.source import figure_of
from ipdrecon.figure.vector import pdf as pdf_file
from ipdrecon.figure.vector.pdf import open_pdf
from ipdrecon.figure.vector.svg import read_svg
from ipdrecon.survival.reported import parse_printed, read_reported
from metaanalysis.errors import MetaAnalysisError
from metaanalysis.exchange import rm5
from metaanalysis.exchange.review_file import read_review as read_cochrane
from metaanalysis.studies import columns
from metaanalysis.studies.printed import parse_number
from metaanalysis.studies.table import read_studies

LONGEST_S = 15


@pytest.fixture(autouse=True)
def quick():
    begin = time.process_time()
    yield
    assert time.process_time() - begin < LONGEST_S


@pytest.fixture
def write(tmp_path):
    def put(name, content):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return put


def polite(error):
    message = str(error.value)
    assert 20 < len(message) <= 1000
    assert message.isprintable()


def small(kind, **options):
    content = io.BytesIO()
    Image.fromarray(np.full((70, 90, 3), 255, np.uint8)).save(content, kind, **options)
    return bytearray(content.getvalue())


# --- pictures --------------------------------------------------------------------------------------------------------


def claims(kind):
    """A small picture whose head claims to be large."""
    data = small(kind, **({"compression": "tiff_lzw"} if kind == "TIFF" else {}))
    if kind == "PNG":
        data[16:24] = struct.pack(">II", 60_000, 60_000)
        data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    elif kind == "JPEG":
        at = data.index(b"\xff\xc0") + 5
        data[at : at + 4] = struct.pack(">HH", 60_000, 60_000)
    elif kind == "WEBP":
        at = data.index(b"\x9d\x01\x2a") + 3
        data[at : at + 4] = struct.pack("<HH", 0x3FFF, 0x3FFF)
    elif kind == "GIF":
        data[6:10] = struct.pack("<HH", 60_000, 60_000)
    elif kind == "BMP":
        data[18:26] = struct.pack("<ii", 60_000, 60_000)
    else:
        for tag in (256, 257):
            at = next(place for place in range(4, len(data)) if data[place : place + 2] == struct.pack("<H", tag) and data[place + 2 : place + 4] in (b"\x03\0", b"\x04\0"))
            data[at : at + 12] = struct.pack("<HHII", tag, 4, 1, 60_000)
    return bytes(data)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_a_head_that_claims_to_be_large_is_refused_before_anything_is_unpacked(write, kind):
    with pytest.raises(FigureError, match=r"million px; at most 120 are read\. Scale it down") as error:
        open_sheet(write("figure.png", claims(kind)), ocr=False)
    polite(error)


def test_a_picture_bomb_within_the_limit_costs_what_its_pixels_cost(write):
    rows = zlib.compressobj(9)
    packed = b"".join(rows.compress(bytes(1 + 3000 * 3)) for _ in range(3000)) + rows.flush()

    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 3000, 3000, 8, 2, 0, 0, 0)) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    assert len(data) < 40_000
    assert open_sheet(write("figure.png", data), ocr=False).figure.px.shape == (3000, 3000, 3)


def test_a_text_within_a_png_that_swells_is_not_kept(write):
    data = small("PNG")
    swelling = b"Comment\0\0" + zlib.compress(bytes(100_000_000), 1)
    chunk = struct.pack(">I", len(swelling)) + b"zTXt" + swelling + struct.pack(">I", zlib.crc32(b"zTXt" + swelling))
    path = write("figure.png", bytes(data[:33] + chunk + data[33:]))
    with contextlib.suppress(FigureError):
        assert open_sheet(path, ocr=False).figure.px.shape == (70, 90, 3)


def test_a_chunk_that_claims_gigabytes_is_damage_and_takes_no_memory(write):
    import resource

    data = small("PNG")
    at = data.index(b"IDAT") - 4
    data[at : at + 4] = struct.pack(">I", 0x7FFFFFF0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(FigureError, match="is damaged and cannot be decoded"):
        open_sheet(write("figure.png", bytes(data)), ocr=False)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


def tiff(n_pages, *, endless=False):
    """A TIFF of so many pages that are all one picture; or whose directory is followed by itself."""
    px = np.full((70, 90), 255, np.uint8).tobytes()
    entries = [(256, 4, 90), (257, 4, 70), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1), (278, 4, 70), (279, 4, len(px))]
    body = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries)
    first = 8 + len(px)
    data = bytearray(b"II*\0" + struct.pack("<I", first) + px)
    for page in range(n_pages):
        following = first if endless else 0 if page == n_pages - 1 else len(data) + len(body) + 4
        data += body + struct.pack("<I", following)
    return bytes(data)


@pytest.mark.parametrize("content", [tiff(1), tiff(20_000), tiff(1, endless=True)], ids=["one page", "20,000 pages", "endless"])
def test_of_a_tiff_the_first_page_alone_is_read(write, content):
    path = write("figure.tif", content)
    assert open_sheet(path, ocr=False).figure.px.shape == (70, 90, 3)
    assert (summarise(path).width, summarise(path).height) == (90, 70)


def test_of_a_gif_with_thousands_of_frames_the_first_is_read(write):
    data = bytes(small("GIF"))
    frame = data[data.index(b"\x2c", 13) : -1]
    assert open_sheet(write("figure.gif", data[:-1] + frame * 5000 + b"\x3b"), ocr=False).figure.px.shape == (70, 90, 3)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_of_an_animation_the_first_frame_is_read(write, kind):
    others = [Image.fromarray(np.full((70, 90, 3), shade, np.uint8)) for shade in range(0, 200, 2)]
    assert open_sheet(write("figure.png", bytes(small(kind, save_all=True, append_images=others))), ocr=False).figure.px.min() == 255


def test_a_file_is_read_up_to_its_limit_and_no_further(write):
    assert read_bounded(write("whole", b"x" * 100), 100) == b"x" * 100
    with pytest.raises(TooLarge):
        read_bounded(write("longer", b"x" * 101), 100)
    with pytest.raises(TooLarge):
        read_bounded("/dev/zero", 1_000_000)


@pytest.mark.parametrize("read", [parse_printed, parse_number, read_share, read_p])
def test_no_reader_of_printed_numbers_takes_one_without_end(read):
    with pytest.raises((ReportedError, MetaAnalysisError), match=r"is no number: it has 201 characters; expected one such as 0\.72"):
        read("1" * 201)


def test_a_file_larger_than_any_figure_is_not_read_whole(write, monkeypatch):
    monkeypatch.setattr(source, "MOST_BYTES", 1000)
    with pytest.raises(FigureError, match="at most that much is read") as error:
        open_sheet(write("figure.bmp", bytes(small("BMP"))), ocr=False)
    polite(error)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_pipe_and_a_device_are_no_figures(tmp_path):
    os.mkfifo(tmp_path / "figure.png")
    for path in (tmp_path / "figure.png", "/dev/zero"):
        with pytest.raises(FigureError, match="is a device or a pipe"):
            open_sheet(path, ocr=False)


def test_what_others_print_while_a_picture_is_decoded_goes_on_to_where_it_should(capfd):
    with decoding._hushed() as said:
        os.write(2, b"libpng warning: iCCP: known incorrect sRGB profile\na word of mine\nCorrupt JPEG data: bad Huffman code\n")
    assert capfd.readouterr().err == "a word of mine\n"
    assert b"bad Huffman code" in said


def noisy_jpeg():
    content = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (70, 90, 3), np.uint8)).save(content, "JPEG", quality=95)
    return content.getvalue()


def test_a_jpeg_with_damaged_image_data_is_flagged_and_said_in_our_words_only(write, capfd):
    data = noisy_jpeg()
    path = write("figure.jpg", data)
    assert not figure_of(path, data, "JPEG")[1]
    _, flags = figure_of(path, data[:2000] + b"\xff\xd9" + data[2000:], "JPEG")
    assert [(flag.name, flag.needs_review) for flag in flags] == [("picture_damaged", True)]
    assert "premature end of data segment" in flags[0].detail
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("share", [0.5, 0.9, 0.999])
def test_a_jpeg_that_is_cut_short_is_never_read_as_if_it_were_whole(write, capfd, share):
    data = noisy_jpeg()
    with contextlib.suppress(FigureError):
        assert figure_of(write("figure.jpg", data), data[: int(share * len(data))], "JPEG")[1]
    assert capfd.readouterr() == ("", "")


# --- documents -------------------------------------------------------------------------------------------------------


def pdf(objects):
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, table, len(objects) + 1, len(out))


def test_a_pdf_stream_that_swells_ends_in_one_line_or_is_read_in_part(monkeypatch):
    monkeypatch.setattr(pdf_file, "MOST_SECONDS", 6.0)
    inner = zlib.compressobj(1)
    swelling = b"".join(inner.compress(b" " * 10_000_000) for _ in range(120)) + inner.flush()
    twice = zlib.compress(swelling, 9)
    assert len(twice) < 1_000_000
    content = b"<</Filter[/FlateDecode/FlateDecode]/Length %d>>\nstream\n%b\nendstream" % (len(twice), twice)
    data = pdf([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R>>", content])
    begin = time.monotonic()
    with contextlib.suppress(FigureError), open_pdf(data, "x.pdf") as pages:
        assert pages.scene(1).shapes == ()
    assert time.monotonic() - begin < 60


@pytest.mark.parametrize("kids", [b"2 0 R", b"3 0 R 2 0 R", b"1 0 R"])
def test_a_tree_of_pages_that_leads_in_a_circle(kids):
    data = pdf([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[" + kids + b"]/Count 9>>", b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>"])
    with contextlib.suppress(FigureError), open_pdf(data, "x.pdf") as pages:
        pages.scene(pages.n_pages)


HEAD = '<svg xmlns="http://www.w3.org/2000/svg" width="100pt" height="100pt" viewBox="0 0 100 100">'


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "TIFF"])
def test_a_picture_bomb_within_an_svg_is_left_out(kind):
    address = f"data:image/x;base64,{base64.b64encode(claims(kind)).decode()}"
    scene = read_svg(f'{HEAD}<image width="9" height="9" href="{address}"/><rect width="9" height="9"/></svg>'.encode(), "figure.svg")
    assert (len(scene.pictures), len(scene.shapes)) == (0, 1)


def test_an_svg_within_an_svg_within_an_svg_is_not_opened():
    inner = f"{HEAD}<rect width='9' height='9'/></svg>"
    for _ in range(3):
        inner = f"{HEAD}<image width='9' height='9' href='data:image/svg+xml;base64,{base64.b64encode(inner.encode()).decode()}'/><rect width='9' height='9'/></svg>"
    assert len(read_svg(inner.encode(), "figure.svg").shapes) == 1


# --- packages and XML ------------------------------------------------------------------------------------------------

ROWS = b"Analysis group,Analysis number,Study,Experimental cases,Experimental N,Control cases,Control N\n1,1,A,3,9,2,9\n"


def packed(entries, way=zipfile.ZIP_DEFLATED):
    content = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(content, "w", way) as archive:
        warnings.simplefilter("ignore")
        for name, text in entries:
            archive.writestr(name, text)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (packed([("a/CD1-data-rows.csv", ROWS), ("a/CD1-data-rows.csv", ROWS)]), "expected one data package in a ZIP"),
        (packed([("a/..\\..\\CD1-data-rows.csv", ROWS)]), "an entry that leads out of it"),
        (packed([("\\\\host\\share\\CD1-data-rows.csv", ROWS)]), "an entry that leads out of it"),
        (packed([("a\n\x1b[31m/../CD1-data-rows.csv", ROWS)]), "an entry that leads out of it"),
        (packed([("CD1-data-rows.csv", ROWS)], zipfile.ZIP_BZIP2), "is packed in an unusual way"),
        (packed([("CD1-data-rows.csv", ROWS)], zipfile.ZIP_LZMA), "is packed in an unusual way"),
        (packed([("a-data.zip", packed([("b-data.zip", packed([("CD1-data-rows.csv", ROWS)]))]))]), "holds no file that ends with -data-rows.csv"),
        (packed([(f"{number}.txt", b"") for number in range(5001)]), "holds 5,001 files"),
    ],
    ids=["the same name twice", "backslashes", "a share", "control characters", "bzip2", "lzma", "packages without end", "many entries"],
)
def test_packages_made_to_deceive(write, tmp_path, content, message):
    path = write("x.zip", content)
    with pytest.raises(MetaAnalysisError, match=message) as error:
        read_cochrane(path)
    polite(error)
    assert [found.name for found in tmp_path.iterdir()] == ["x.zip"]


def test_a_link_in_a_package_is_a_text_and_never_followed(write):
    link = zipfile.ZipInfo("CD1-data-rows.csv")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(MetaAnalysisError, match="has the columns /etc/passwd"):
        read_cochrane(write("x.zip", packed([(link, b"/etc/passwd\nx\n")])))


def test_a_package_of_many_analyses_takes_no_square_of_their_number(write):
    rows = b"".join(b"%d,1,A,3,9,2,9\n" % number for number in range(19_000))
    assert len(read_cochrane(write("x.zip", packed([("CD1-data-rows.csv", ROWS.splitlines(True)[0] + rows)]))).analyses) == 19_000


def test_a_review_of_more_elements_than_any(write, monkeypatch):
    monkeypatch.setattr(rm5, "MAX_ELEMENTS", 1000)
    with pytest.raises(MetaAnalysisError, match="more than 1,000 elements of XML") as error:
        read_cochrane(write("x.rm5", b"<COCHRANE_REVIEW>" + b"<a/>" * 2000 + b"</COCHRANE_REVIEW>"))
    polite(error)


# --- JSON and TOML ---------------------------------------------------------------------------------------------------

DEEP = b'{"x":' * 100_000 + b"1" + b"}" * 100_000
CURVES = b"arm,time,survival\nA,0,1\nA,5,0.5\n"
JSON_READERS = {
    "figure.json": read_digitisation,
    "reconstruction.json": read_arms,
    "pooled.json": lambda folder: export_pooled_folder(folder, "json"),
    "edits.json": lambda folder: read_edits(folder / "edits.json"),
}


@pytest.mark.parametrize("name", JSON_READERS)
@pytest.mark.parametrize("content", [DEEP, b"[" * 100_000, b'{"schema_version": ' + b"9" * 5000 + b"}", b"\xff\xfe{", b""], ids=["deep", "open", "digits", "UTF-16", "empty"])
def test_json_that_is_none_of_ours(write, tmp_path, name, content):
    write(name, content)
    write("curves.csv", CURVES)
    write("ipd.csv", b"arm,time,event\nA,1,1\n")
    with pytest.raises(IpdreconError, match=rf"{name} is no JSON") as error:
        JSON_READERS[name](tmp_path)
    polite(error)


@pytest.mark.parametrize("number", [b"NaN", b"-Infinity", b"1e999"])
@pytest.mark.parametrize("name", [name for name in JSON_READERS if name != "edits.json"])
def test_json_with_a_number_that_is_none(write, tmp_path, name, number):
    write(name, b'{"schema_version": 1, "x": ' + number + b"}")
    write("curves.csv", CURVES)
    write("ipd.csv", b"arm,time,event\nA,1,1\n")
    with pytest.raises(IpdreconError, match=rf"{name} is no JSON \(it holds") as error:
        JSON_READERS[name](tmp_path)
    polite(error)


def test_json_is_limited_in_size(write, monkeypatch):
    monkeypatch.setattr(json_files, "MOST_BYTES", 100)
    with pytest.raises(FolderError, match="has over 0 MB"):
        read_edits(write("edits.json", b" " * 101))


def test_a_deep_record_of_a_job_is_none_and_the_job_is_done_anew(write, tmp_path):
    write("job.json", DEEP)
    assert standing_record(tmp_path, "k") is None


@pytest.mark.parametrize("content", [b"a = " + b"[" * 5000, b"a = " + b"{a=" * 5000, b"[" + b"a." * 5000 + b"a]\nb = 1", b"a = '\0'", b"\xff", b"[[a]\n" * 1000], ids=["lists", "tables", "dots", "NUL", "no text", "broken"])
def test_toml_that_is_none(write, tmp_path, content):
    for name, read in {"review.toml": read_review, "trial.toml": lambda path: read_trial(path.parent)}.items():
        with pytest.raises(FolderError) as error:
            read(write(name, content))
        polite(error)


def test_toml_is_limited_in_size(write):
    with pytest.raises(FolderError, match="has over 2 MB; expected a review file as a person writes it") as error:
        read_toml(write("review.toml", b"a = 1\n#" + b" " * 2_000_000), "review file")
    polite(error)


# --- tables ----------------------------------------------------------------------------------------------------------

TABLES = {
    "at_risk.csv": (read_at_risk_tables, b"arm,time,n_risk", b"A,0,5"),
    "ipd.csv": (read_patients, b"arm,time,event", b"A,1,1"),
    "reported.csv": (read_reported, b"quantity,value", b"n,5"),
    "studies.csv": (read_studies, b"study,yi,sei", b"A,1,1"),
    "curve.csv": (read_coordinates, b"time,survival", b"1,0.5"),
    "risk.csv": (read_risk_file, b"time,n_risk", b"1,5"),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_million_columns(write, name):
    read, header, row = TABLES[name]
    many = b"".join(b",c%d" % number for number in range(1_000_000))
    with pytest.raises((IpdreconError, MetaAnalysisError), match="columns|MB|bytes") as error:
        read(write(name, header + many + b"\n" + row + b"," * 1_000_000 + b"\n"))
    polite(error)


@pytest.mark.parametrize("name", ["reported.csv", "studies.csv", "curve.csv", "risk.csv"])
def test_a_million_rows(write, name):
    read, header, row = TABLES[name]
    with pytest.raises((IpdreconError, MetaAnalysisError), match="rows|MB|bytes|expected") as error:
        read(write(name, header + b"\n" + (row + b"        \n") * 1_000_000))
    polite(error)


@pytest.mark.parametrize("name", ["at_risk.csv", "ipd.csv"])
def test_more_rows_than_any_figure_has(write, monkeypatch, name):
    monkeypatch.setattr(tables, "MOST_ROWS", 1000)
    read, header, row = TABLES[name]
    with pytest.raises(FolderError, match="has over 1000 rows") as error:
        read(write(name, header + b"\n" + (row + b"\n") * 1001))
    polite(error)


@pytest.mark.parametrize("name", TABLES)
def test_a_cell_without_end(write, name):
    read, header, row = TABLES[name]
    for cell in (b"1" * 200_000, b" " * 100_000 + b"x", b"1 " * 60_000, b'"' + b"x" * 200_000, b"-" * 100_000):
        with pytest.raises((IpdreconError, MetaAnalysisError)) as error:
            read(write(name, header + b"\n" + row.rpartition(b",")[0] + b",a" + cell + b"\n"))
        polite(error)


def stata(tmp_path):
    pd.DataFrame({"time": [1.0, 2.0], "event": [1, 0]}).to_stata(tmp_path / "x.dta", write_index=False)
    return (tmp_path / "x.dta").read_bytes()


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("kind", ["dta", "dta that lies", "xlsx"])
def test_workbooks_and_data_sets_are_no_tables_of_text(write, tmp_path, name, kind):
    content = packed([("xl/workbook.xml", b"<x/>")]) if kind == "xlsx" else stata(tmp_path)
    if kind == "dta that lies":
        content = content.replace(struct.pack("<I", 2), struct.pack("<I", 0x7FFFFFFF))
    with pytest.raises((IpdreconError, MetaAnalysisError)) as error:
        TABLES[name][0](write(name, content))
    polite(error)


def test_nothing_reads_stata_or_excel_files():
    """They are written only; a reader that is added needs limits, and a place in the fuzz run."""
    for package in ("ipdrecon", "metaanalysis"):
        root = json_files.__file__.rpartition("ipdrecon")[0]
        for folder, _, names in os.walk(os.path.join(root, package)):
            for name in names:
                if name.endswith(".py"):
                    text = Path(folder, name).read_text("utf-8")
                    assert not any(word in text for word in ("read_stata", "read_excel", "StataReader", "openpyxl")), name


def test_a_table_of_studies_is_limited(write, monkeypatch):
    monkeypatch.setattr(columns, "MOST_ROWS", 10)
    with pytest.raises(MetaAnalysisError, match="has 11 rows; expected at most 10"):
        read_studies(write("studies.csv", b"study,yi,sei\n" + b"A,1,1\n" * 11))


def test_a_name_that_no_forest_plot_can_hold_is_refused(write):
    with pytest.raises(MetaAnalysisError, match="a cell of 21,000 characters; expected at most 2,000"):
        read_studies(write("studies.csv", b"study,yi,sei\n" + b"A" * 21_000 + b",1,1\n"))


def test_job_records_hold_numbers_where_numbers_are_expected(write, tmp_path):
    home = tmp_path / "a"
    home.mkdir()
    record = {"id": "a", "figure": "a.png", "key": "k", "status": "done", "message": "", "rows": [{"hr": 0.5}]}
    (home / "job.json").write_text(json.dumps(record))
    assert standing_record(home, "k") == record
    for wrong in ({"rows": [{"hr": "x"}]}, {"rows": {}}, {"rows": [[]]}, {"status": "fine"}, {"message": 3}, {"id": "../a"}):
        (home / "job.json").write_text(json.dumps(record | wrong))
        assert standing_record(home, "k") is None
