"""Opening a picture: what is wrong with it is said once, by us."""

import cv2
import numpy as np
import pytest
from PIL import Image

from ipdrecon.errors import FigureError
from ipdrecon.figure.opening import open_sheet


def test_a_damaged_picture_is_told_in_our_words_only(tmp_path, capfd):
    path = tmp_path / "cut.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    with pytest.raises(FigureError, match="damaged"):
        open_sheet(path, ocr=False)
    assert capfd.readouterr() == ("", "")


def _picture():
    px = np.full((90, 120, 3), 255, np.uint8)
    px[20:60, 20:80] = (200, 30, 40)
    return px


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "tif", "bmp", "gif"])
def test_every_usual_format_is_opened_in_its_colours(tmp_path, ending):
    path = tmp_path / f"figure.{ending}"
    Image.fromarray(_picture()).save(path)
    px = open_sheet(path, ocr=False).figure.px
    assert px.shape == (90, 120, 3)
    np.testing.assert_allclose(px[30, 30].astype(int), (200, 30, 40), atol=8)
    np.testing.assert_allclose(px[80, 110].astype(int), 255, atol=2)


@pytest.mark.parametrize("mode", ["P", "L", "LA", "1"])
def test_palette_and_greys_become_rgb(tmp_path, mode):
    path = tmp_path / "figure.png"
    Image.fromarray(_picture()).convert(mode).save(path)
    px = open_sheet(path, ocr=False).figure.px
    assert px.shape == (90, 120, 3)
    assert px[80, 110].min() == 255
    assert px[20:60, 20:80].mean() < 140


def test_cmyk_jpeg_is_seen_in_its_colours(tmp_path):
    path = tmp_path / "figure.jpg"
    Image.fromarray(_picture()).convert("CMYK").save(path, quality=95)
    np.testing.assert_allclose(open_sheet(path, ocr=False).figure.px[30, 30].astype(int), (200, 30, 40), atol=8)


def test_sixteen_bit_transparency_is_laid_on_white(tmp_path):
    px = np.zeros((90, 120, 4), np.uint16)
    px[:45, :, 3] = 65535
    cv2.imwrite(str(tmp_path / "figure.png"), px)
    seen = open_sheet(tmp_path / "figure.png", ocr=False).figure.px
    assert seen[10, 10].max() == 0
    assert seen[80, 10].min() == 255


def test_a_photograph_is_turned_as_its_camera_says(tmp_path):
    picture = Image.fromarray(_picture())
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(tmp_path / "figure.jpg", exif=exif)
    assert open_sheet(tmp_path / "figure.jpg", ocr=False).figure.px.shape == (120, 90, 3)


def test_a_sound_file_is_no_webp(tmp_path):
    (tmp_path / "figure.webp").write_bytes(b"RIFF\x00\x00\x00\x00WAVE" + bytes(40))
    with pytest.raises(FigureError, match="is no PNG, JPEG, WebP"):
        open_sheet(tmp_path / "figure.webp", ocr=False)
