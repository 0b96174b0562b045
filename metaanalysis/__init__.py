"""Meta-analysis of study effects, made for hazard ratios: from what papers print, from patients, to a pooled result and its pictures.

A package of its own: it knows effects and variances, counts and patients, nothing of where they come from. Names are
loaded when they are first used.

Examples
--------
>>> import metaanalysis
>>> pooled = metaanalysis.pool([-0.36, -0.11, -0.52], [0.04, 0.02, 0.09], study=["A", "B", "C"], measure="HR")
>>> print(pooled)
HR 0.78 [95 % CI 0.47 to 1.31], REML, hk-adhoc, k = 3, tau² = 0.0065, I² = 14 %
"""

from importlib import import_module

_ROOMS = {
    "pooling": ("pool",),
    "estimate": ("PooledEstimate",),
    "models": ("FixedEffect", "RandomEffects", "ModelSettings"),
    "presets": ("PRESETS", "model_settings"),
    "tau2": ("estimate_tau2", "tau2_interval"),
    "spread": ("Heterogeneity",),
    "subgroups": ("Subgroup", "SubgroupTest"),
    "errors": ("MetaAnalysisError", "NothingToPool"),
    "studies.events": ("pool_events", "event_effects"),
    "studies.table": ("pool_studies", "read_studies"),
    "studies.route_effect": ("RouteEffect", "choose_route"),
    "studies.routes": (
        "from_interval", "from_p", "from_hr_events", "from_o_minus_e", "from_observed_expected", "from_logrank_p", "log_rank_variance",
    ),
    "studies.survival_routes": ("from_medians", "from_survival", "from_survival_times", "from_survival_follow_up"),
    "bayes.model": ("pool_bayes", "BayesianEstimate", "BayesianPrior"),
    "exchange.exports": ("export_pooled",),
    "exchange.review_file": ("read_review", "ReviewFile", "ReviewAnalysis"),
    "monitoring.alpha_spending": ("monitoring_boundary", "futility_boundary"),
    "monitoring.analysis": ("sequential",),
    "monitoring.information_size": ("required_patients", "required_events", "required_information", "diversity"),
    "monitoring.result": ("SequentialAnalysis", "SequentialSettings"),
    "patients.data": ("Patients",),
    "patients.from_patients": ("analyse_patients", "PatientAnalysis"),
    "patients.landmarks": ("pool_landmark",),
    "patients.one_stage": ("one_stage", "OneStage"),
    "patients.pooled_curves": ("pool_curves", "PooledCurves"),
    "patients.proportional_hazards": ("proportional_hazards", "ProportionalHazards"),
    "patients.restricted_mean": ("pool_restricted_means", "common_horizon"),
    "patients.trial_effects": ("PooledTrials", "TrialEffects"),
    "patients.two_stage": ("two_stage",),
    "patients.windows": ("hazard_ratios_by_window", "HazardRatiosByWindow"),
    "pictures.baujat": ("baujat_plot",),
    "pictures.bubble": ("bubble_plot",),
    "pictures.cumulative": ("cumulative_plot", "leave_one_out_plot"),
    "pictures.forest": ("forest_plot",),
    "pictures.forest_bias": ("RiskOfBias", "risk_of_bias"),
    "pictures.forest_look": ("ForestLook", "LOOKS"),
    "pictures.funnel": ("funnel_plot",),
    "pictures.galbraith": ("galbraith_plot",),
    "pictures.gosh": ("gosh_plot",),
    "pictures.influence": ("influence_plot",),
    "pictures.pooled_curves": ("pooled_curves_plot",),
    "pictures.posterior": ("posterior_plot",),
    "pictures.saving": ("save_picture",),
    "pictures.sequential": ("sequential_plot",),
    "regression.interactions": ("subgroup_contrasts", "SubgroupComparison", "SubgroupContrast"),
    "regression.model": ("meta_regression", "MetaRegression"),
    "regression.permutation": ("permutation_test", "PermutationTest"),
    "reporting.absolute": ("absolute_effects", "AbsoluteEffects", "AbsoluteEffect", "NumberNeeded", "number_needed"),
    "reporting.methods_text": ("methods_paragraph", "MethodsText"),
    "robustness.choices": ("model_choices", "source_choices"),
    "robustness.filling": ("trim_fill", "TrimFill"),
    "robustness.influence": ("influence_diagnostics", "Influence"),
    "robustness.odds_asymmetry": ("harbord", "peters"),
    "robustness.refits": ("leave_one_out", "cumulative", "Cumulative"),
    "robustness.small_studies": ("egger", "egger_mixed", "begg"),
    "robustness.subsets": ("gosh", "Gosh"),
    "robustness.summary_rows": ("assumed_tau2",),
}
_HOMES = {name: f"{__name__}.{room}" for room, names in _ROOMS.items() for name in names}

__all__ = sorted(_HOMES)


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    return value


def __dir__():
    return sorted({*globals(), *__all__})
