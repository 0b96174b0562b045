"""Pages of a PDF, written with PDFium: text, rules, figures as they are and figures as pictures."""

import ctypes
import io
import re

import pypdfium2 as pdfium
import pypdfium2.raw as raw
from matplotlib.font_manager import FontProperties, findfont
from PIL import Image

SIZES = {"A4": (595.28, 841.89), "Letter": (612.0, 792.0)}
FONTS = {"body": "Times-Roman", "bold": "Times-Bold", "sans": "Helvetica", "sans bold": "Helvetica-Bold"}
LIBERATION = {
    "body": ("Liberation Serif", "normal"), "bold": ("Liberation Serif", "bold"),
    "sans": ("Liberation Sans", "normal"), "sans bold": ("Liberation Sans", "bold"),
}  # fmt: skip
MADE_UP = rb"(?<=/CreationDate\(D:)[0-9]+|(?<=/ID\[<)[0-9A-F]+><[0-9A-F]+(?=>\])"


class Paper:
    """A PDF in the making; places are in points from the left and from the foot of the page."""

    def __init__(self, size, *, embedded=False):
        self.document, self.size, self.embedded = pdfium.PdfDocument.new(), size, embedded
        self.loaded, self.current = {}, None

    def turn_page(self, size=None):
        """Begin a page."""
        self.current = self.document.new_page(*(size or self.size))

    def font(self, name):
        """The handle of a font, one of the fourteen that every reader has or one that the file brings along."""
        if name not in self.loaded and not self.embedded:
            self.loaded[name] = raw.FPDFText_LoadStandardFont(self.document.raw, FONTS[name].encode())
        elif name not in self.loaded:
            family, weight = LIBERATION[name]
            with open(findfont(FontProperties(family=family, weight=weight)), "rb") as file:
                data = file.read()
            letters = (ctypes.c_uint8 * len(data)).from_buffer_copy(data)
            self.loaded[name] = raw.FPDFText_LoadFont(self.document.raw, letters, len(data), raw.FPDF_FONT_TRUETYPE, True)
        return self.loaded[name]

    def insert(self, handle):
        raw.FPDFPage_InsertObject(self.current.raw, handle)

    def write(self, text, x, y, size, *, font="body", width=None, seen=True):
        """A line of text whose baseline begins at a place, set to a width if one is given; how wide it is by itself."""
        handle = raw.FPDFPageObj_CreateTextObj(self.document.raw, self.font(font), size)
        letters = (text + "\0").encode("utf-16-le")
        raw.FPDFText_SetText(handle, (raw.FPDF_WCHAR * (len(letters) // 2)).from_buffer_copy(letters))
        edges = [ctypes.c_float() for _ in range(4)]
        raw.FPDFPageObj_GetBounds(handle, *map(ctypes.byref, edges))
        natural = edges[2].value - edges[0].value
        raw.FPDFPageObj_Transform(handle, width / natural if width else 1.0, 0, 0, 1, x, y)
        if not seen:
            raw.FPDFTextObj_SetTextRenderMode(handle, raw.FPDF_TEXTRENDERMODE_INVISIBLE)
        self.insert(handle)
        return natural

    def rule(self, points, *, width=0.5, grey=0, fill=None):
        """A line through points; closed and filled with a grey where one is given."""
        path = raw.FPDFPageObj_CreateNewPath(*points[0])
        for point in points[1:]:
            raw.FPDFPath_LineTo(path, *point)
        if fill is not None:
            raw.FPDFPath_Close(path)
            raw.FPDFPageObj_SetFillColor(path, fill, fill, fill, 255)
        raw.FPDFPageObj_SetStrokeColor(path, grey, grey, grey, 255)
        raw.FPDFPageObj_SetStrokeWidth(path, width)
        raw.FPDFPath_SetDrawMode(path, raw.FPDF_FILLMODE_NONE if fill is None else raw.FPDF_FILLMODE_WINDING, True)
        self.insert(path)

    def place(self, figure, matrix):
        """The first page of a PDF, drawn through a matrix ``(a, b, c, d, e, f)``."""
        source = pdfium.PdfDocument(figure)
        form = source.page_as_xobject(0, self.document).as_pageobject()
        form.set_matrix(pdfium.PdfMatrix(*matrix))
        self.current.insert_obj(form)

    def place_picture(self, picture, box):
        """A picture (bytes of a JPEG, or pixels as red, green, blue) filling a box ``(left, foot, width, height)``."""
        image = pdfium.PdfImage.new(self.document)
        if isinstance(picture, bytes):
            image.load_jpeg(io.BytesIO(picture), inline=True)
        else:
            image.set_bitmap(pdfium.PdfBitmap.from_pil(Image.fromarray(picture)))
        left, foot, width, height = box
        image.set_matrix(pdfium.PdfMatrix(width, 0, 0, height, left, foot))
        self.current.insert_obj(image)

    def end_page(self):
        self.current.gen_content()

    def written(self):
        """The file, without the date and the identity that PDFium makes up anew each time."""
        file = io.BytesIO()
        self.document.save(file)
        return re.sub(MADE_UP, lambda found: re.sub(rb"[0-9A-F]", b"0", found[0]), file.getvalue())


def page_size(file):
    """Width and height of the first page of a PDF, in points."""
    return pdfium.PdfDocument(file).get_page_size(0)


def rendered(file, dpi):
    """Pages of a PDF as pixels (blue, green, red)."""
    return [page.render(scale=dpi / 72).to_numpy()[..., :3].copy() for page in pdfium.PdfDocument(file)]
