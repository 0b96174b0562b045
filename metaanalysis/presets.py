"""Settings of other programs and institutes by name, so that a published analysis can be repeated as it was made.

A preset is a `ModelSettings` and a source. It fixes estimator, interval, prediction interval and the interval of tau2;
I2 is given by both definitions whatever the preset, and `Preset.i2` names the one that the program prints.
"""

from dataclasses import dataclass, fields

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.models import ModelSettings


@dataclass(frozen=True)
class Preset:
    """What one program or institute does.

    Attributes
    ----------
    settings : ModelSettings
    i2 : {"i2", "i2_q"}
        The attribute of `Heterogeneity` that holds the I2 it prints.
    source : str
        Where it is stated.
    doubt : str
        What could not be verified; empty where nothing.
    """

    settings: ModelSettings
    i2: str
    source: str
    doubt: str = ""


PRESETS = {
    "revman": Preset(
        ModelSettings(tau2="REML", ci="hk", prediction="t", tau2_ci="QP"),
        "i2",
        "Cochrane Methods, Random-effects meta-analysis methods for Intervention Reviews (in RevMan since January 2025): REML, "
        "Hartung-Knapp-Sidik-Jonkman, Q-profile, I2 from tau2.",
        "No floor is named, so none is set; the degrees of freedom of the prediction interval are not stated there: k - 1 is taken.",
    ),
    "metafor": Preset(
        ModelSettings(tau2="REML", ci="wald", prediction="normal", tau2_ci="QP"),
        "i2",
        "Viechtbauer 2010, J Stat Softw 36(3); defaults of rma, predict and confint in metafor 3.8.",
    ),
    "meta": Preset(
        ModelSettings(tau2="REML", ci="wald", prediction="t", tau2_ci="QP"),
        "i2_q",
        "Balduzzi, Ruecker and Schwarzer 2019, Evid Based Ment Health 22:153; defaults of the R package meta since 8.0: classic "
        "interval, prediction interval \"V\" (t with k - 1 df), I2 from Q.",
    ),
    "iqwig": Preset(
        ModelSettings(tau2="PM", ci="hk-iqwig", prediction="t", tau2_ci="QP"),
        "i2_q",
        "IQWiG 2022, General Methods 6.1; \"IQWiG6\" of the R package meta: Paule-Mandel, Hartung-Knapp with the floor where its "
        "interval is narrower than the normal one of DerSimonian and Laird.",
        "The degrees of freedom of the prediction interval are not verified: k - 1 is taken.",
    ),
    "legacy-dl": Preset(
        ModelSettings(tau2="DL", ci="wald", prediction="riley", tau2_ci="QP"),
        "i2_q",
        "DerSimonian and Laird 1986, Control Clin Trials 7:177, with the normal interval, as RevMan 5 and most reviews before about "
        "2015; prediction interval of Higgins, Thompson and Spiegelhalter 2009 (t with k - 2 df).",
    ),
}

_OPTIONS = tuple(option.name for option in fields(ModelSettings))


def model_settings(preset=None, **options):
    """Settings of a preset, or the defaults, with the options given besides going before.

    Parameters
    ----------
    preset : {"revman", "metafor", "meta", "iqwig", "legacy-dl"}, optional
    **options
        Fields of `ModelSettings`; None leaves what the preset says.

    Returns
    -------
    ModelSettings

    Raises
    ------
    MetaAnalysisError

    Examples
    --------
    >>> model_settings("revman").ci
    'hk'
    >>> model_settings("revman", ci="hk-adhoc").ci
    'hk-adhoc'
    """
    if preset is not None and preset not in PRESETS:
        raise MetaAnalysisError(f"The preset is {preset!r}; expected one of {', '.join(PRESETS)}.")
    unknown = sorted(set(options) - set(_OPTIONS))
    if unknown:
        raise MetaAnalysisError(f"Pooling has no option {unknown[0]!r}; expected one of {', '.join(_OPTIONS)}.")
    base = PRESETS[preset].settings if preset else ModelSettings()
    chosen = {name: getattr(base, name) for name in _OPTIONS}
    return ModelSettings(**chosen | {name: value for name, value in options.items() if value is not None})
