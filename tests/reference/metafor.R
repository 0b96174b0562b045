# Reference results for metaanalysis, computed by metafor. Run: Rscript tests/reference/metafor.R
# Writes metafor.json beside itself; the versions used are written into it.
suppressMessages({library(metafor); library(jsonlite)})

here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))

bcg <- escalc("RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
hine <- escalc("RD", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.hine1989)
collins <- escalc("OR", ai = pre.xti, n1i = pre.nti, ci = pre.xci, n2i = pre.nci, data = dat.collins1985b)
li <- escalc("OR", ai = ai, n1i = n1i, ci = ci, n2i = n2i, data = dat.li2007)
pignon <- transform(dat.pignon2000, yi = OmE / V, vi = 1 / V)
raudenbush <- dat.raudenbush1985

series <- function(data, group = NULL) {
  list(yi = as.vector(data$yi), vi = as.vector(data$vi), group = if (is.null(group)) NULL else as.character(data[[group]]))
}
sets <- list(
  bcg = series(bcg, "alloc"), hine1989 = series(hine), collins1985b = series(collins), li2007 = series(li),
  pignon2000 = series(pignon, "grp"), raudenbush1985 = series(raudenbush, "tester"),
  bcg_two = series(bcg[1:2, ]), bcg_three = series(bcg[c(2, 5, 7), ])
)
estimators <- c("REML", "DL", "PM", "ML", "HE", "SJ", "EB")
tests <- c(wald = "z", hk = "knha", "hk-adhoc" = "adhoc")
exact <- list(threshold = 1e-14, maxiter = 10000, tol = 1e-14)

model <- function(set, method, test) {
  rma(set$yi, sei = sqrt(set$vi), method = method, test = test, control = exact)
}
numbers <- function(fit) {
  list(estimate = fit$beta[1], se = fit$se, ci_low = fit$ci.lb, ci_high = fit$ci.ub, p = fit$pval, weights = as.vector(weights(fit)))
}
random <- function(set, method, test) {
  fit <- model(set, method, test)
  interval <- confint(fit, control = list(tol = 1e-15, maxiter = 100000, tau2.max = 1e6))$random["tau^2", ]
  prediction <- predict(fit)
  student <- predict(fit, pi.type = "t")
  riley <- predict(fit, pi.type = "riley")
  c(numbers(fit), list(
    tau2 = fit$tau2, tau2_ci_low = interval[["ci.lb"]], tau2_ci_high = interval[["ci.ub"]],
    prediction_low = prediction$pi.lb, prediction_high = prediction$pi.ub,
    prediction_t_low = student$pi.lb, prediction_t_high = student$pi.ub,
    prediction_riley_low = riley$pi.lb, prediction_riley_high = riley$pi.ub,
    q = fit$QE, q_p = fit$QEp, i2 = fit$I2, h2 = fit$H2
  ))
}
subgroup_test <- function(set, method, test) {
  names <- unique(set$group)
  fits <- lapply(names, function(name) {
    rows <- set$group == name
    model(list(yi = set$yi[rows], vi = set$vi[rows]), method, test)
  })
  between <- rma(yi = sapply(fits, function(fit) fit$beta[1]), sei = sapply(fits, function(fit) fit$se), method = "FE")
  list(names = names, estimates = sapply(fits, function(fit) fit$beta[1]), tau2 = sapply(fits, function(fit) fit$tau2),
       q = between$QE, df = between$k - 1, p = between$QEp)
}
small_study <- function(set) {
  fit <- model(set, "REML", "z")
  line <- regtest(fit, model = "lm")
  filled <- trimfill(fit, estimator = "L0")
  refit <- rma(as.vector(filled$yi), as.vector(filled$vi), method = "REML", control = exact)
  list(egger = list(t = line$zval, df = line$dfs, p = line$pval),
       trim_fill = list(k0 = filled$k0, side = filled$side, estimate = refit$beta[1], se = refit$se))
}
counts <- list(
  bcg = with(dat.bcg, list(events_1 = tpos, n_1 = tpos + tneg, events_2 = cpos, n_2 = cpos + cneg)),
  hine1989 = with(dat.hine1989, list(events_1 = ai, n_1 = n1i, events_2 = ci, n_2 = n2i)),
  collins1985b = with(dat.collins1985b, list(events_1 = pre.xti, n_1 = pre.nti, events_2 = pre.xci, n_2 = pre.nci)),
  yusuf1985 = with(subset(dat.yusuf1985, table == "6"), list(events_1 = ai, n_1 = n1i, events_2 = ci, n_2 = n2i)),
  zero_cells = list(events_1 = c(0, 1, 0, 3, 2), n_1 = c(20, 30, 25, 40, 50), events_2 = c(2, 0, 1, 5, 4), n_2 = c(22, 28, 25, 41, 30))
)
tables <- function(set) {
  set <- as.data.frame(set)
  set <- set[complete.cases(set), ]
  ratio <- function(measure) {
    effect <- escalc(measure, ai = events_1, n1i = n_1, ci = events_2, n2i = n_2, data = set, drop00 = FALSE)
    fit <- rma.mh(measure = measure, ai = events_1, n1i = n_1, ci = events_2, n2i = n_2, data = set)
    list(yi = as.vector(effect$yi), vi = as.vector(effect$vi),
         mh = list(estimate = fit$beta[1], se = fit$se, ci_low = fit$ci.lb, ci_high = fit$ci.ub, p = fit$pval))
  }
  fit <- rma.peto(ai = events_1, n1i = n_1, ci = events_2, n2i = n_2, data = set)
  list(counts = set, RR = ratio("RR"), OR = ratio("OR"), RD = ratio("RD"),
       peto = list(estimate = fit$beta[1], se = fit$se, ci_low = fit$ci.lb, ci_high = fit$ci.ub, p = fit$pval))
}

result <- list(
  versions = list(R = R.version.string, metafor = as.character(packageVersion("metafor")), metadat = as.character(packageVersion("metadat"))),
  inputs = sets,
  fixed = lapply(sets, function(set) numbers(rma(set$yi, sei = sqrt(set$vi), method = "FE"))),
  random = lapply(sets, function(set) sapply(estimators, function(method) lapply(tests, function(test) random(set, method, test)), simplify = FALSE)),
  subgroups = lapply(Filter(function(set) !is.null(set$group), sets), function(set) {
    sapply(estimators, function(method) lapply(tests, function(test) subgroup_test(set, method, test)), simplify = FALSE)
  }),
  subgroups_fixed = lapply(Filter(function(set) !is.null(set$group), sets), function(set) subgroup_test(set, "FE", "z")),
  leave_one_out = lapply(sets[c("bcg", "hine1989", "collins1985b")], function(set) {
    left <- leave1out(model(set, "REML", "knha"))
    list(estimate = left$estimate, se = left$se, tau2 = left$tau2)
  }),
  small_study = lapply(sets[c("bcg", "li2007", "raudenbush1985", "pignon2000")], small_study),
  events = lapply(counts, tables)
)
write(toJSON(result, digits = I(17), auto_unbox = TRUE, null = "null", na = "null"), file.path(here, "metafor.json"))
