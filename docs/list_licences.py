"""Writes licences.md: what an installation of ipdrecon brings with it, and under which licences; read from what is installed here.

    python docs/list_licences.py [--check]

With --check nothing is written, and what is not permissive, or is missing from the page, is printed.
"""

import argparse
import re
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

PAGE = Path(__file__).with_name("licences.md")
ROOT = "ipdrecon"
EXTRAS = ("", "workbench", "cluster", "parquet")
PERMISSIVE = {"MIT", "MIT-0", "MIT-CMU", "BSD-2-Clause", "BSD-3-Clause", "BSD", "0BSD", "Apache-2.0", "PSF-2.0", "ISC", "HPND", "Zlib", "CC0-1.0", "Unlicense"}
ELSEWHERE = (("colorama", "BSD-3-Clause", "Windows"), ("pytz", "MIT", "pandas before 3"))
"""Needed on other platforms or by other versions: package, licence, where."""
WEAK = {"MPL-2.0"}
"""Copyleft by the file: what is changed in such a file stays under its licence; what uses it does not come under it."""
BY_WORDS = (
    (r"\bMPL[- ]?2\.0 AND MIT\b", "MPL-2.0 AND MIT"), (r"\bMozilla Public License 2\.0\b|\bMPL[- ]?2\.0\b", "MPL-2.0"), (r"\bApache\b", "Apache-2.0"),
    (r"\bPython Software Foundation\b|matplotlib version", "PSF-2.0"), (r"\b3-Clause BSD\b|\bBSD[- ]3[- ]Clause\b", "BSD-3-Clause"), (r"\bBSD[- ]2[- ]Clause\b", "BSD-2-Clause"),
    (r"\bISC\b", "ISC"), (r"\bHPND\b", "HPND"), (r"\bMIT\b", "MIT"), (r"\bBSD\b", "BSD"),
)
BUNDLED = """\
## What wheels hold besides

Packages with compiled parts carry libraries of other projects in their wheels. These are not ours, and are told in the licence files beside each
package. Among them, as the wheels for Linux stood when this page was written, are some under copyleft licences, loaded as shared libraries that may be exchanged:

| wheel | library | licence |
|---|---|---|
| opencv-python-headless | FFmpeg (`libavcodec`, `libavformat`, `libavutil`, `libswscale`, `libswresample`), for video, which ipdrecon does not use | LGPL-2.1-or-later |
| shapely | GEOS (`libgeos`, `libgeos_c`) | LGPL-2.1-or-later |
| numpy, scipy, opencv-python-headless | `libgfortran`, beside OpenBLAS (BSD-3-Clause) | GPL-3.0 with the GCC runtime exception, which leaves programs that use it free |
| numpy, scipy, opencv-python-headless | `libquadmath` | LGPL-2.1-or-later |

So ipdrecon itself and all Python packages it asks for are permissive (MPL-2.0 ones named apart); who passes on these wheels, in a container for example,
passes on the libraries in them too, and their licences ask for their texts to go along and for the libraries to stay exchangeable.

## Models that read text

The models are in the wheel of rapidocr: PP-OCR of the PaddleOCR project, converted to ONNX, copyright Baidu, under Apache-2.0, as `MODEL_LICENSES.md`
beside the package says; nothing is downloaded. Fonts: matplotlib's DejaVu, under the Bitstream Vera licence.
"""


def licence_of(name):
    """Licence of an installed package, as an SPDX expression where its metadata allow one."""
    metadata = distribution(name).metadata
    if metadata.get("License-Expression"):
        return metadata["License-Expression"]
    classifiers = [line.rpartition("::")[2].strip() for line in metadata.get_all("Classifier", []) if line.startswith("License ::")]
    first_line = (metadata.get("License") or "").strip().partition("\n")[0]
    for text in (first_line, *classifiers):
        if re.fullmatch(r"[A-Za-z0-9.+-]+-[0-9.]+(-Clause)?|MIT|ISC", text):
            return text
    if "," in first_line and "dependency licenses" in first_line:  # pypdfium2: its own, then those of PDFium and what is in it
        return " AND ".join(part.strip() for part in first_line.split(",") if "dependency" not in part)
    for pattern, found in BY_WORDS:
        if any(re.search(pattern, text, re.IGNORECASE) for text in (first_line, *classifiers)):
            return found
    return first_line or next(iter(classifiers), "unknown")


def is_permissive(licence, allowed=frozenset(PERMISSIVE)):
    """Whether a licence expression leaves a choice that holds allowed licences only."""
    choices = re.split(r"\s+OR\s+", licence.strip("()"))
    return any(all(part.strip(" ()") in allowed for part in re.split(r"\s+AND\s+", choice)) for choice in choices)


def canonical(name):
    """Give a package's name as pip compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def needed(name, extras=("",)):
    """What a package with some extras needs here, directly and through others: canonical names."""
    found, waiting = set(), [(name, extra) for extra in extras]
    seen = set(waiting)
    while waiting:
        now, extra = waiting.pop()
        for text in distribution(now).requires or ():
            asked = Requirement(text)
            if asked.marker is not None and not asked.marker.evaluate({"extra": extra}):
                continue
            found.add(canonical(asked.name))
            for step in ((asked.name, other) for other in ("", *asked.extras)):
                if step not in seen:
                    seen.add(step)
                    waiting.append(step)
    return found - {canonical(name)}


def by_extra():
    """Packages of the bare installation, and what each extra adds to it: lists by extra."""
    plain = needed(ROOT)
    return {extra: sorted(needed(ROOT, ("", extra)) - (plain if extra else set())) for extra in EXTRAS}


def page():
    """The page, as text."""
    lines = [
        "# Licences", "",
        "ipdrecon is under the [MIT licence](../LICENSE). This is what an installation brings with it, read by `docs/list_licences.py` from the metadata",
        "of the packages installed, here for Python 3.11 on Linux.", "",
    ]
    for extra, names in by_extra().items():
        lines += [f"## {f'Added by `ipdrecon[{extra}]`' if extra else 'Always installed, `ipdrecon[ocr]` among it'}", "", "| package | licence |", "|---|---|"]
        lines += [f"| {name} | {licence_of(name)}{'' if is_permissive(licence_of(name)) else ' (see below)'} |" for name in names]
        lines.append("")
    here = {name for names in by_extra().values() for name in names}
    lines += ["## Elsewhere, or with other versions", "", "| package | licence | where |", "|---|---|---|"]
    lines += [*(f"| {name} | {licence} | {where} |" for name, licence, where in ELSEWHERE if name not in here), ""]
    weak = sorted({name for names in by_extra().values() for name in names if not is_permissive(licence_of(name))})
    told = f"{', '.join(weak)}: MPL-2.0 is copyleft by the file. What uses such a package does not come under it; what is changed in its files does."
    return "\n".join([*lines, "## Not permissive throughout", "", told, "", BUNDLED])


def troubles():
    """Packages of no permissive or weak licence, and those that the page does not tell: sentences."""
    text = PAGE.read_text("utf-8") if PAGE.exists() else ""
    for names in by_extra().values():
        for name in names:
            licence = licence_of(name)
            if not is_permissive(licence, PERMISSIVE | WEAK):
                yield f"{name} is under {licence}"
            if f"| {name} | " not in text:
                yield f"{name} ({licence}) is not in {PAGE.name}"


def main():
    """Write the page, or check it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    if not parser.parse_args().check:
        PAGE.write_text(page(), "utf-8")
    try:
        found = list(troubles())
    except PackageNotFoundError as error:
        sys.exit(f"{error} is not installed; run: pip install '{ROOT}[all]'")
    for trouble in found:
        sys.stdout.write(f"{trouble}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
