# Reference results for meta-regression, subgroups of a common tau2, intervals of tau2 and permutation tests.
# Run: Rscript tests/reference/metafor_models.R
# Writes metafor_models.json beside itself; the versions used are written into it.
suppressMessages({library(metafor); library(jsonlite)})

here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
# as tight as the iterations settle: at 1e-14 some only jump about in the last digit
tight <- function(...) {
  given <- list(...)
  for (threshold in c(1e-14, 1e-13, 1e-12, 1e-11)) {
    fit <- try(do.call(rma, c(given, list(control = list(threshold = threshold, maxiter = 10000, tol = 1e-14)))), silent = TRUE)
    if (!inherits(fit, "try-error")) return(fit)
  }
  do.call(rma, c(given, list(control = list(threshold = 1e-12, maxiter = 10000, tol = 1e-14, stepadj = 0.5))))
}
fine <- list(tol = 1e-15, maxiter = 100000, tau2.max = 1e6)
estimators <- c("REML", "DL", "PM", "ML", "HE", "SJ", "EB")
tests <- c(wald = "z", hk = "knha", "hk-adhoc" = "adhoc")

bcg <- escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
hine <- escalc("RD", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.hine1989)
collins <- escalc("OR", ai = pre.xti, n1i = pre.nti, ci = pre.xci, n2i = pre.nci, data = dat.collins1985b)
li <- escalc("OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.li2007)
nielweise <- escalc("RR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.nielweise2007)
bangert <- na.omit(data.frame(dat.bangertdrowns2004[c("yi", "vi", "length", "wic", "feedback", "subject")]))
# a moderator is a column of numbers or of words; the reference of words is their first level in order of appearance
as_terms <- function(columns) lapply(columns, function(values) if (is.character(values)) factor(values, levels = unique(values)) else values)

sets <- list(
  bcg = list(yi = bcg$yi, vi = bcg$vi, models = list(
    ablat = list(ablat = bcg$ablat), two = list(ablat = bcg$ablat, year = bcg$year),
    alloc = list(alloc = bcg$alloc), mixed = list(ablat = bcg$ablat, alloc = bcg$alloc))),
  raudenbush1985 = with(dat.raudenbush1985, list(yi = yi, vi = vi, models = list(
    weeks = list(weeks = weeks), words = list(setting = setting, tester = tester)))),
  li2007 = list(yi = li$yi, vi = li$vi, models = list(year = list(year = li$year))),
  pignon2000 = with(dat.pignon2000, list(yi = OmE / V, vi = 1 / V, models = list(grp = list(grp = paste("group", grp))))),
  collins1985b = list(yi = collins$yi, vi = collins$vi, models = list(
    size = list(size = log(collins$pre.nti)), two = list(oedema = collins$oedema, year = collins$year))),
  hine1989 = list(yi = hine$yi, vi = hine$vi, models = list(size = list(size = log(hine$n1i)))),
  bangertdrowns2004 = list(yi = bangert$yi, vi = bangert$vi, models = list(
    three = list(length = bangert$length, wic = bangert$wic, feedback = bangert$feedback))),
  hackshaw1998 = with(dat.hackshaw1998, list(yi = yi, vi = vi, models = list(
    year = list(year = year), words = list(design = design, country = country)))),
  nielweise2007 = list(yi = nielweise$yi, vi = nielweise$vi, models = list(year = list(year = nielweise$year))),
  bcg_five = list(yi = bcg$yi[3:7], vi = bcg$vi[3:7], models = list(ablat = list(ablat = bcg$ablat[3:7])))
)
sets <- lapply(sets, function(set) { set$yi <- as.vector(set$yi); set$vi <- as.vector(set$vi); set })

design <- function(columns) model.matrix(~ ., data.frame(as_terms(columns)))
fit_model <- function(set, columns, method, test) {
  tight(set$yi, sei = sqrt(set$vi), mods = design(columns)[, -1, drop = FALSE], method = method, test = test)
}
regression <- function(set, columns, method, test) {
  fit <- fit_model(set, columns, method, test)
  rows <- c(1, length(set$yi))
  at <- predict(fit, newmods = design(columns)[rows, -1, drop = FALSE])
  riley <- predict(fit, newmods = design(columns)[rows, -1, drop = FALSE], pi.type = "riley")
  total <- tight(set$yi, sei = sqrt(set$vi), method = method)
  result <- list(estimate = as.vector(fit$beta), se = fit$se, statistic = fit$zval, p = fit$pval, ci_low = fit$ci.lb, ci_high = fit$ci.ub,
    tau2 = fit$tau2, total_tau2 = total$tau2, r2 = fit$R2, qe = fit$QE, qe_p = fit$QEp, i2 = fit$I2, h2 = fit$H2, qm = fit$QM, qm_p = fit$QMp, weights = as.vector(weights(fit)),
    predicted = at$pred, predicted_low = at$ci.lb, predicted_high = at$ci.ub, prediction_low = at$pi.lb, prediction_high = at$pi.ub,
    riley_low = riley$pi.lb, riley_high = riley$pi.ub)
  if (test == "z") {
    interval <- confint(fit, control = fine)$random["tau^2", ]
    result <- c(result, list(tau2_ci_low = interval[["ci.lb"]], tau2_ci_high = interval[["ci.ub"]]))
  }
  result
}
common <- function(set, group, method, test) {
  group <- factor(group, levels = unique(group))
  fit <- tight(set$yi, sei = sqrt(set$vi), mods = model.matrix(~ 0 + group), intercept = FALSE, method = method, test = test)
  contrast <- tight(set$yi, sei = sqrt(set$vi), mods = model.matrix(~ group)[, -1, drop = FALSE], method = method, test = test)
  interval <- confint(fit, control = fine)$random["tau^2", ]
  list(names = levels(group), estimate = as.vector(fit$beta), se = fit$se, p = fit$pval, ci_low = fit$ci.lb, ci_high = fit$ci.ub, tau2 = fit$tau2,
       tau2_ci_low = interval[["ci.lb"]], tau2_ci_high = interval[["ci.ub"]], qm = contrast$QM, qm_p = contrast$QMp)
}
groups <- list(bcg = bcg$alloc, pignon2000 = paste("group", dat.pignon2000$grp), raudenbush1985 = dat.raudenbush1985$tester, hackshaw1998 = dat.hackshaw1998$country)

permuted <- function(set, columns, method, test) {
  result <- permutest(fit_model(set, columns, method, test), exact = TRUE, progbar = FALSE)
  list(p = result$pval, omnibus_p = result$QMp)
}
permutations <- list(
  five_reml = c(list(set = "bcg_five", rows = 1:5, model = "ablat", method = "REML", ci = "hk")),
  five_dl = c(list(set = "bcg_five", rows = 1:5, model = "ablat", method = "DL", ci = "wald")),
  seven = list(set = "bcg", rows = 1:7, model = "ablat", method = "DL", ci = "hk-adhoc"),
  words = list(set = "raudenbush1985", rows = 4:13, model = "setting", method = "PM", ci = "hk"),
  two = list(set = "collins1985b", rows = 1:6, model = "two", method = "DL", ci = "wald")
)
permute <- function(case) {
  set <- sets[[case$set]]
  columns <- if (case$model == "setting") list(setting = set$models$words$setting) else set$models[[case$model]]
  part <- list(yi = set$yi[case$rows], vi = set$vi[case$rows])
  columns <- lapply(columns, function(values) values[case$rows])
  c(list(yi = part$yi, vi = part$vi, moderators = columns, method = case$method, ci = case$ci), permuted(part, columns, case$method, tests[[case$ci]]))
}

# Generalised Q (metafor needs CompQuadForm for it): eigenvalues and, by their number, chi-squared, a convolution or Imhof's integral.
below <- function(q, lambda) {
  if (length(lambda) == 1) return(pchisq(q / lambda, 1))
  if (length(lambda) == 2) {
    inner <- function(z) pchisq((q - lambda[2] * z^2) / lambda[1], 1) * 2 * dnorm(z)
    return(integrate(inner, 0, sqrt(q / lambda[2]), rel.tol = 1e-12, subdivisions = 5000)$value)
  }
  imhof <- function(u) {
    theta <- colSums(atan(outer(lambda, u))) / 2 - q * u / 2
    sin(theta) / (u * exp(colSums(log1p(outer(lambda, u)^2)) / 4))
  }
  end <- 1
  while (exp(-sum(log1p((lambda * end)^2)) / 4) / end > 1e-14 && end < 1e9) end <- 2 * end
  cuts <- unique(c(0, 10^seq(-8, log10(end), length.out = 60)) )
  total <- 0
  for (i in seq_len(length(cuts) - 1)) total <- total + integrate(imhof, cuts[i] + (i == 1) * 1e-300, cuts[i + 1], rel.tol = 1e-11, abs.tol = 1e-15, subdivisions = 20000, stop.on.error = FALSE)$value
  0.5 - total / pi
}
generalised <- function(yi, vi, a) {
  k <- length(yi)
  p_a <- diag(a) - outer(a, a) / sum(a)
  q <- as.vector(t(yi) %*% p_a %*% yi)
  chance <- function(tau2) {
    root <- sqrt(vi + tau2)
    lambda <- eigen(outer(root, root) * p_a, symmetric = TRUE, only.values = TRUE)$values[seq_len(k - 1)]
    below(q, lambda)
  }
  limit <- function(target) {
    if (chance(0) <= target) return(0)
    high <- mean(vi)
    while (chance(high) > target) high <- 2 * high
    uniroot(function(tau2) chance(tau2) - target, c(0, high), tol = 1e-13)$root
  }
  c(limit(0.975), limit(0.025))
}
interval_sets <- c(lapply(sets[c("bcg", "raudenbush1985", "li2007", "collins1985b", "hine1989", "nielweise2007", "bcg_five")], function(set) set[c("yi", "vi")]),
  list(bcg_two = list(yi = as.vector(bcg$yi[1:2]), vi = as.vector(bcg$vi[1:2])), bcg_three = list(yi = as.vector(bcg$yi[c(2, 5, 7)]), vi = as.vector(bcg$vi[c(2, 5, 7)]))))
intervals <- function(set) {
  reml <- tight(set$yi, sei = sqrt(set$vi), method = "REML")
  ml <- tight(set$yi, sei = sqrt(set$vi), method = "ML")
  limits <- function(fit, type, row = "tau^2") as.vector(confint(fit, type = type, control = fine)$random[row, c("ci.lb", "ci.ub")])
  list(yi = set$yi, vi = set$vi, QP_i2 = limits(reml, "QP", "I^2(%)"), PL_REML = limits(reml, "PL"), PL_ML = limits(ml, "PL"),
       BJ = generalised(set$yi, set$vi, 1 / set$vi), J = generalised(set$yi, set$vi, 1 / sqrt(set$vi)))
}

result <- list(
  versions = list(R = R.version.string, metafor = as.character(packageVersion("metafor")), metadat = as.character(packageVersion("metadat"))),
  inputs = sets,
  regression = lapply(sets, function(set) lapply(set$models, function(columns) {
    sapply(estimators, function(method) lapply(tests, function(test) regression(set, columns, method, test)), simplify = FALSE)
  })),
  groups = groups,
  common = sapply(names(groups), function(name) {
    sapply(estimators, function(method) lapply(tests, function(test) common(sets[[name]], groups[[name]], method, test)), simplify = FALSE)
  }, simplify = FALSE),
  permutation = lapply(permutations, permute),
  tau2_intervals = lapply(interval_sets, intervals)
)
write(toJSON(result, digits = I(15), auto_unbox = TRUE, null = "null", na = "null"), file.path(here, "metafor_models.json"))
