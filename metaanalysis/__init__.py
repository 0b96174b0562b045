"""Meta-analysis of study effects: pooling, heterogeneity, prediction, subgroups, small studies, forest plots.

A package of its own: it knows effects and variances, nothing of where they come from.

Examples
--------
>>> import metaanalysis
>>> pooled = metaanalysis.pool([-0.36, -0.11, -0.52], [0.04, 0.02, 0.09], study=["A", "B", "C"], measure="HR")
>>> print(pooled)
HR 0.78 [95 % CI 0.47 to 1.31], REML, hk-adhoc, k = 3, tau² = 0.0065, I² = 14 %
"""

from metaanalysis.errors import MetaAnalysisError
from metaanalysis.estimate import PooledEstimate, Subgroup, SubgroupTest
from metaanalysis.models import FixedEffect, ModelSettings, RandomEffects
from metaanalysis.pictures.forest import forest_plot
from metaanalysis.pictures.saving import save_picture
from metaanalysis.pooling import pool
from metaanalysis.robustness.filling import trim_fill
from metaanalysis.robustness.refits import leave_one_out
from metaanalysis.robustness.small_studies import egger
from metaanalysis.spread import Heterogeneity
from metaanalysis.studies.events import event_effects, pool_events
from metaanalysis.studies.table import pool_studies, read_studies

__all__ = [
    "FixedEffect", "Heterogeneity", "MetaAnalysisError", "ModelSettings", "PooledEstimate", "RandomEffects", "Subgroup",
    "SubgroupTest", "egger", "event_effects", "forest_plot", "leave_one_out", "pool", "pool_events",
    "pool_studies", "read_studies", "save_picture", "trim_fill",
]
