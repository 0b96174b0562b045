"""Build the documentation site, offline: gather the pages, run Sphinx with warnings as errors, follow every link.

    python docs/site/build.py [OUT]

OUT is `build/site` by default; open its `index.html`. Needs the extra `docs`: ``pip install 'ipdrecon[docs]'``.
"""

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]


def build(out, source):
    """Build the site.

    Parameters
    ----------
    out : Path
        Where the pages go.
    source : Path
        Where they are gathered; emptied first.

    Returns
    -------
    list of str
        What is wrong: Sphinx's warnings are on standard error, dead links and calls to other machines are named here.
    """
    from checking import faults
    from sphinx.cmd.build import main as sphinx
    from staging import stage

    stage(source)
    if sphinx(["-q", "-W", "--keep-going", "-b", "html", "-c", str(HERE), "-d", str(source.parent / "doctrees"), str(source), str(out)]):
        return ["Sphinx warned; see above."]
    return faults(out)


def main():
    """Build, and tell where the site is."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path, nargs="?", default=HERE.parents[1] / "build" / "site")
    out = parser.parse_args().out.resolve()
    found = build(out, out.parent / f"{out.name}_source" / "pages")
    for fault in found:
        print(fault, file=sys.stderr)
    if not found:
        print(f"Open {out / 'index.html'}")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
