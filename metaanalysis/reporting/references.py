"""Papers behind the methods, and their numbering in the order in which a text names them."""

import re

REFERENCES = {
    "borenstein2013": "Borenstein M, Higgins JPT. Meta-analysis and subgroups. Prev Sci 2013;14:134-143. doi:10.1007/s11121-013-0377-7",
    "brookmeyer1982": "Brookmeyer R, Crowley J. A confidence interval for the median survival time. Biometrics 1982;38:29-41. doi:10.2307/2530286",
    "burke2017": "Burke DL, Ensor J, Riley RD. Meta-analysis using individual participant data: one-stage and two-stage approaches, and why they may differ. Stat Med 2017;36:855-875. doi:10.1002/sim.7141",
    "cochran1954": "Cochran WG. The combination of estimates from different experiments. Biometrics 1954;10:101-129. doi:10.2307/3001666",
    "cox1972": "Cox DR. Regression models and life-tables. J R Stat Soc B 1972;34:187-220. doi:10.1111/j.2517-6161.1972.tb00899.x",
    "dersimonian1986": "DerSimonian R, Laird N. Meta-analysis in clinical trials. Control Clin Trials 1986;7:177-188. doi:10.1016/0197-2456(86)90046-2",
    "duval2000": "Duval S, Tweedie R. Trim and fill: a simple funnel-plot-based method of testing and adjusting for publication bias in meta-analysis. Biometrics 2000;56:455-463. doi:10.1111/j.0006-341X.2000.00455.x",
    "egger1997": "Egger M, Davey Smith G, Schneider M, Minder C. Bias in meta-analysis detected by a simple, graphical test. BMJ 1997;315:629-634. doi:10.1136/bmj.315.7109.629",
    "greenland1985": "Greenland S, Robins JM. Estimation of a common effect parameter from sparse follow-up data. Biometrics 1985;41:55-68. doi:10.2307/2530643",
    "hardy1996": "Hardy RJ, Thompson SG. A likelihood approach to meta-analysis with random effects. Stat Med 1996;15:619-629. doi:10.1002/(SICI)1097-0258(19960330)15:6<619::AID-SIM188>3.0.CO;2-A",
    "hartung2001": "Hartung J, Knapp G. A refined method for the meta-analysis of controlled clinical trials with binary outcome. Stat Med 2001;20:3875-3889. doi:10.1002/sim.1009",
    "hedges1985": "Hedges LV, Olkin I. Statistical methods for meta-analysis. San Diego: Academic Press; 1985.",
    "higgins2002": "Higgins JPT, Thompson SG. Quantifying heterogeneity in a meta-analysis. Stat Med 2002;21:1539-1558. doi:10.1002/sim.1186",
    "higgins2009": "Higgins JPT, Thompson SG, Spiegelhalter DJ. A re-evaluation of random-effects meta-analysis. J R Stat Soc A 2009;172:137-159. doi:10.1111/j.1467-985X.2008.00552.x",
    "jackson2013": "Jackson D. Confidence intervals for the between-study variance in random effects meta-analysis using generalised Cochran heterogeneity statistics. Res Synth Methods 2013;4:220-229. doi:10.1002/jrsm.1081",
    "knapp2003": "Knapp G, Hartung J. Improved tests for a random effects meta-regression with a single covariate. Stat Med 2003;22:2693-2710. doi:10.1002/sim.1482",
    "lau1992": "Lau J, Antman EM, Jimenez-Silva J, Kupelnick B, Mosteller F, Chalmers TC. Cumulative meta-analysis of therapeutic trials for myocardial infarction. N Engl J Med 1992;327:248-254. doi:10.1056/NEJM199207233270406",
    "mantel1959": "Mantel N, Haenszel W. Statistical aspects of the analysis of data from retrospective studies of disease. J Natl Cancer Inst 1959;22:719-748. doi:10.1093/jnci/22.4.719",
    "morris1983": "Morris CN. Parametric empirical Bayes inference: theory and applications. J Am Stat Assoc 1983;78:47-55. doi:10.1080/01621459.1983.10477920",
    "olkin2012": "Olkin I, Dahabreh IJ, Trikalinos TA. GOSH - a graphical display of study heterogeneity. Res Synth Methods 2012;3:214-223. doi:10.1002/jrsm.1053",
    "parmar1998": "Parmar MKB, Torri V, Stewart L. Extracting summary statistics to perform meta-analyses of the published literature for survival endpoints. Stat Med 1998;17:2815-2834. doi:10.1002/(SICI)1097-0258(19981230)17:24<2815::AID-SIM110>3.0.CO;2-8",
    "paule1982": "Paule RC, Mandel J. Consensus values and weighting factors. J Res Natl Bur Stand 1982;87:377-385. doi:10.6028/jres.087.022",
    "perneger2008": "Perneger TV. Estimating the relative hazard by the ratio of logarithms of event-free proportions. Contemp Clin Trials 2008;29:762-766.",
    "robins1986": "Robins J, Breslow N, Greenland S. Estimators of the Mantel-Haenszel variance consistent in both sparse data and large-strata limiting models. Biometrics 1986;42:311-323. doi:10.2307/2531052",
    "rover2015": "Röver C, Knapp G, Friede T. Hartung-Knapp-Sidik-Jonkman approach and its modification for random-effects meta-analysis with few studies. BMC Med Res Methodol 2015;15:99. doi:10.1186/s12874-015-0091-1",
    "rover2020": "Röver C. Bayesian random-effects meta-analysis using the bayesmeta R package. J Stat Softw 2020;93(6):1-51. doi:10.18637/jss.v093.i06",
    "rubin1987": "Rubin DB. Multiple imputation for nonresponse in surveys. New York: Wiley; 1987.",
    "sato1989": "Sato T, Greenland S, Robins JM. On the variance estimator for the Mantel-Haenszel risk difference. Biometrics 1989;45:1323-1324.",
    "sidik2005": "Sidik K, Jonkman JN. Simple heterogeneity variance estimation for meta-analysis. J R Stat Soc C 2005;54:367-384. doi:10.1111/j.1467-9876.2005.00489.x",
    "skoetz2020": "Skoetz N, Goldkuhle M, van Dalen EC, et al. GRADE guidelines 27: how to calculate absolute effects for time-to-event outcomes in summary of findings tables and Evidence Profiles. J Clin Epidemiol 2020;118:124-131. doi:10.1016/j.jclinepi.2019.10.015",
    "sterne2011": "Sterne JAC, Sutton AJ, Ioannidis JPA, et al. Recommendations for examining and interpreting funnel plot asymmetry in meta-analyses of randomised controlled trials. BMJ 2011;343:d4002. doi:10.1136/bmj.d4002",
    "sweeting2004": "Sweeting MJ, Sutton AJ, Lambert PC. What to add to nothing? Use and avoidance of continuity corrections in meta-analysis of sparse data. Stat Med 2004;23:1351-1375. doi:10.1002/sim.1761",
    "tierney2007": "Tierney JF, Stewart LA, Ghersi D, Burdett S, Sydes MR. Practical methods for incorporating summary time-to-event data into meta-analysis. Trials 2007;8:16. doi:10.1186/1745-6215-8-16",
    "viechtbauer2005": "Viechtbauer W. Bias and efficiency of meta-analytic variance estimators in the random-effects model. J Educ Behav Stat 2005;30:261-293. doi:10.3102/10769986030003261",
    "viechtbauer2007": "Viechtbauer W. Confidence intervals for the amount of heterogeneity in meta-analysis. Stat Med 2007;26:37-52. doi:10.1002/sim.2514",
    "viechtbauer2010": "Viechtbauer W, Cheung MWL. Outlier and influence diagnostics for meta-analysis. Res Synth Methods 2010;1:112-125. doi:10.1002/jrsm.11",
    "wetterslev2008": "Wetterslev J, Thorlund K, Brok J, Gluud C. Trial sequential analysis may establish when firm evidence is reached in cumulative meta-analysis. J Clin Epidemiol 2008;61:64-75. doi:10.1016/j.jclinepi.2007.03.013",
    "wetterslev2009": "Wetterslev J, Thorlund K, Brok J, Gluud C. Estimating required information size by quantifying diversity in random-effects model meta-analyses. BMC Med Res Methodol 2009;9:86. doi:10.1186/1471-2288-9-86",
    "williamson2002": "Williamson PR, Tudur Smith C, Hutton JL, Marson AG. Aggregate data meta-analysis with time-to-event outcomes. Stat Med 2002;21:3337-3351. doi:10.1002/sim.1303",
    "yusuf1985": "Yusuf S, Peto R, Lewis J, Collins R, Sleight P. Beta blockade during and after myocardial infarction: an overview of the randomized trials. Prog Cardiovasc Dis 1985;27:335-371. doi:10.1016/S0033-0620(85)80003-7",
}

_MARK = re.compile(r"\{([a-z]+\d{4}(?:,[a-z]+\d{4})*)\}")


def numbered(text):
    """Number the papers a text names.

    Parameters
    ----------
    text : str
        With marks such as ``{cox1972}`` or ``{parmar1998,tierney2007}``, keys of `REFERENCES`.

    Returns
    -------
    text : str
        With ``[1]``, ``[2,3]``, in the order in which papers are first named.
    references : tuple of str

    Examples
    --------
    >>> text, references = numbered("Hazards were compared {cox1972}, as before {cox1972,egger1997}.")
    >>> text, len(references)
    ('Hazards were compared [1], as before [1,2].', 2)
    """
    order = {}

    def number(match):
        found = [order.setdefault(key, len(order) + 1) for key in match.group(1).split(",")]
        return f"[{','.join(map(str, sorted(found)))}]"

    return _MARK.sub(number, text), tuple(REFERENCES[key] for key in order)
