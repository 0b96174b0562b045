# Reference results of the robustness analyses, computed by metafor on the inputs in metafor.json.
# Run: Rscript tests/reference/metafor_robustness.R
# Writes metafor_robustness.json beside itself; the versions used are written into it.
suppressMessages({library(metafor); library(jsonlite)})
pdf(NULL)

here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
inputs <- fromJSON(file.path(here, "metafor.json"))
exact <- list(threshold = 1e-14, maxiter = 10000, tol = 1e-14)
estimators <- c("REML", "DL")
tests <- c(wald = "z", hk = "knha", "hk-adhoc" = "adhoc")

model <- function(set, method, test = "z") {
  rma(set$yi, sei = sqrt(set$vi), method = method, test = test, control = exact)
}
influences <- function(fit) {
  found <- influence(fit)
  baujat <- baujat(fit)
  c(unclass(found$inf)[c("rstudent", "dffits", "cook.d", "cov.r", "tau2.del", "QE.del", "hat", "weight")],
    list(dfbs = unclass(found$dfbs)[[1]], flagged = as.vector(found$is.infl), baujat_x = baujat$x, baujat_y = baujat$y))
}
refits <- function(table) {
  names <- c("estimate", "se", "pval", "pvals", "ci.lb", "ci.ub", "Q", "Qp", "tau2", "I2")
  values <- lapply(names[names %in% names(table)], function(name) as.vector(table[[name]]))
  stats::setNames(values, sub("pvals", "pval", names[names %in% names(table)]))
}
each <- function(set) {
  diagnose <- function(fit) {
    list(influence = influences(fit), leave_one_out = refits(leave1out(fit)),
         cumulative = refits(cumul(fit, order = set$vi)))
  }
  random <- sapply(estimators, function(method) lapply(tests, function(test) diagnose(model(set, method, test))), simplify = FALSE)
  list(random = random, fixed = diagnose(model(set, "FE")))
}
filled <- function(set) {
  fit <- model(set, "DL")
  sides <- c("left", "right")
  sapply(c("L0", "R0"), function(estimator) sapply(sides, function(side) {
    result <- trimfill(fit, side = side, estimator = estimator)
    added <- result$fill
    list(k0 = result$k0, estimate = result$beta[1], se = result$se,
         filled_yi = sort(as.vector(result$yi)[added]), filled_vi = sort(as.vector(result$vi)[added]))
  }, simplify = FALSE), simplify = FALSE)
}
line <- function(fit) list(t = fit$zval, df = fit$dfs, p = fit$pval)
mixed <- function(set) {
  sapply(estimators, function(method) lapply(tests, function(test) {
    fit <- regtest(model(set, method, test), model = "rma")
    list(bias = fit$fit$beta[2], se = fit$fit$se[2], t = fit$zval, p = fit$pval)
  }), simplify = FALSE)
}
ranks <- function(set) {
  result <- suppressWarnings(ranktest(model(set, "FE")))
  list(tau = unname(result$tau), p = result$pval)
}
counts <- function(set) {
  set <- subset(as.data.frame(set), events_1 + events_2 > 0 & events_1 + events_2 < n_1 + n_2)
  peto <- escalc("PETO", ai = events_1, n1i = n_1, ci = events_2, n2i = n_2, data = set, to = "none")
  odds <- escalc("OR", ai = events_1, n1i = n_1, ci = events_2, n2i = n_2, data = set)
  events <- set$events_1 + set$events_2
  patients <- set$n_1 + set$n_2
  slope <- summary(lm(odds$yi ~ I(1 / patients), weights = 1 / (1 / events + 1 / (patients - events))))
  coefficient <- slope$coefficients[2, ]
  list(k = nrow(set), harbord = line(regtest(x = peto$yi, vi = peto$vi, model = "lm")),
       peters = list(t = coefficient[["t value"]], df = slope$df[2], p = coefficient[["Pr(>|t|)"]]))
}
subsets <- function(set) {
  sapply(c("FE", "REML", "DL"), function(method) {
    result <- gosh(model(set, method), progbar = FALSE)
    many <- result$res$k >= 2
    list(code = as.vector(as.matrix(result$incl[many, ]) %*% 2^(seq_along(set$yi) - 1)),
         estimate = result$res$estimate[many], I2 = result$res$I2[many], tau2 = result$res$tau2[many], Q = result$res$QE[many])
  }, simplify = FALSE)
}

sets <- inputs$inputs[c("bcg", "hine1989", "collins1985b", "li2007", "pignon2000", "raudenbush1985", "bcg_three")]
large <- sets[c("bcg", "li2007", "pignon2000", "raudenbush1985")]
result <- list(
  versions = list(R = R.version.string, metafor = as.character(packageVersion("metafor"))),
  refits = lapply(sets, each),
  trim_fill = lapply(large, filled),
  egger = lapply(large, function(set) line(regtest(x = set$yi, vi = set$vi, model = "lm"))),
  egger_mixed = lapply(large, mixed),
  begg = lapply(large, ranks),
  counts = lapply(lapply(inputs$events, function(entry) entry$counts), counts),
  gosh = lapply(sets[c("bcg_three", "hine1989", "collins1985b")], subsets)
)
write(toJSON(result, digits = I(12), auto_unbox = TRUE, null = "null", na = "null"), file.path(here, "metafor_robustness.json"))
