"""Published Kaplan-Meier figures to patients, hazard ratios and pooled results, offline.

The verbs and nouns are found here; each is imported when it is first asked for, so that `import ipdrecon` is quick.
"""

import importlib
import os

# onnxruntime, in which text is read, keeps a database of use in the home folder and sends it to its makers unless this is set
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

_HOMES = {
    "ipdrecon.figure.digitisation": ("digitise", "read_figure"),
    "ipdrecon.survival": ("reconstruct", "reconstruct_arm", "reconstruct_incidence", "estimate_hazard_ratio", "validate"),
    "ipdrecon.survival.reported": ("read_reported",),
    "ipdrecon.app.library": ("read_digitisation", "write_digitisation"),
    "ipdrecon.app.finder_pictures": ("write_pictures",),
    "ipdrecon.app.exchange.imported_figure": ("ImportRequest", "import_figure", "import_to_folder"),
    "ipdrecon.app.exchange.patients_out": ("ExportRequest", "export_from_folder"),
    "ipdrecon.app.review_run": ("run_review",),
    "ipdrecon.flags": ("Flag",),
    "ipdrecon.errors": ("IpdreconError",),
    "ipdrecon.model": (
        "Agreement",
        "AgreementRow",
        "ArmLook",
        "AtRiskTable",
        "Axis",
        "Box",
        "Calibration",
        "Curve",
        "Digitisation",
        "DigitisedPanel",
        "Figure",
        "ReconstructedArm",
        "TrialEstimate",
        "Word",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = ["__version__", *sorted(_HOME_OF)]


def __getattr__(name):
    if name == "__version__":
        from importlib.metadata import version

        return version("ipdrecon")
    if name in _HOME_OF:
        return getattr(importlib.import_module(_HOME_OF[name]), name)
    raise AttributeError(f"module 'ipdrecon' has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
