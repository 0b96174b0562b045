# Reference results for the rules of zero cells, computed by metafor. Run: Rscript tests/reference/metafor_zero_cells.R
# Writes metafor_zero_cells.json beside itself; the versions used are written into it.
suppressMessages({library(metafor); library(jsonlite)})

here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))

yusuf <- subset(dat.yusuf1985, table == "6")
sets <- list(
  bcg = with(dat.bcg, data.frame(events_1 = tpos, n_1 = tpos + tneg, events_2 = cpos, n_2 = cpos + cneg)),
  yusuf1985 = na.omit(with(yusuf, data.frame(events_1 = ai, n_1 = n1i, events_2 = ci, n_2 = n2i))),
  nielweise2007 = with(dat.nielweise2007, data.frame(events_1 = ai, n_1 = n1i, events_2 = ci, n_2 = n2i)),
  zero_cells = data.frame(events_1 = c(0, 1, 0, 3, 2, 50), n_1 = c(20, 30, 25, 40, 50, 50), events_2 = c(2, 0, 1, 5, 4, 30), n_2 = c(22, 28, 25, 41, 30, 34))
)
rules <- c(tables = "only0", all = "all", none = "none")

# The treatment arm correction (Sweeting 2004) is no option of escalc: its tables are made by hand.
treatment_arm <- function(set) {
  cells <- with(set, cbind(a = events_1, b = n_1 - events_1, c = events_2, d = n_2 - events_2))
  zero <- rowSums(cells == 0) > 0
  share <- set$n_1 / (set$n_1 + set$n_2)
  cells + zero * cbind(share, share, 1 - share, 1 - share)
}
finite <- function(effect) {
  told <- is.finite(effect$yi) & is.finite(effect$vi) & effect$vi > 0
  list(yi = ifelse(told, effect$yi, NA), vi = ifelse(told, effect$vi, NA))
}
effects <- function(set, rule, measure) {
  if (rule == "treatment-arm") {
    cells <- treatment_arm(set)
    return(finite(escalc(measure, ai = cells[, "a"], bi = cells[, "b"], ci = cells[, "c"], di = cells[, "d"], to = "none")))
  }
  suppressWarnings(finite(escalc(measure, ai = events_1, n1i = n_1, ci = events_2, n2i = n_2, data = set, to = rules[[rule]])))
}
pooled <- function(set, rule, measure) {
  # Studies without events in both arms, or with nothing but events, are left out, as ipdrecon does for ratios.
  if (measure != "RD") set <- subset(set, events_1 + events_2 > 0 & events_1 + events_2 < n_1 + n_2)
  if (rule == "treatment-arm") {
    cells <- treatment_arm(set)
    fit <- rma.mh(measure = measure, ai = cells[, "a"], bi = cells[, "b"], ci = cells[, "c"], di = cells[, "d"], add = 0, to = "none", drop00 = FALSE)
  } else {
    fit <- rma.mh(measure = measure, ai = events_1, n1i = n_1, ci = events_2, n2i = n_2, data = set,
                  add = c(1/2, 1/2), to = rep(rules[[rule]], 2), drop00 = FALSE)
  }
  list(estimate = fit$beta[1], se = fit$se, ci_low = fit$ci.lb, ci_high = fit$ci.ub, p = fit$pval)
}
iv <- function(set, rule, measure) {
  if (measure != "RD") set <- subset(set, events_1 + events_2 > 0 & events_1 + events_2 < n_1 + n_2)
  effect <- as.data.frame(effects(set, rule, measure))
  fit <- rma(yi, vi, data = effect[complete.cases(effect), ], method = "REML", test = "knha", control = list(threshold = 1e-14, maxiter = 10000))
  list(k = fit$k, estimate = fit$beta[1], se = fit$se, tau2 = fit$tau2)
}
measures <- c(RR = "RR", OR = "OR", RD = "RD")
every <- c("tables", "all", "treatment-arm", "none")
grid <- function(set, work, rules) {
  sapply(rules, function(rule) lapply(measures, function(measure) work(set, rule, measure)), simplify = FALSE)
}
result <- list(
  versions = list(R = R.version.string, metafor = as.character(packageVersion("metafor")), metadat = as.character(packageVersion("metadat"))),
  counts = sets,
  effects = lapply(sets, grid, effects, every),
  iv = lapply(sets, grid, iv, every),
  corrected_mh = lapply(sets, grid, pooled, c("tables", "all", "treatment-arm"))
)
write(toJSON(result, digits = I(17), auto_unbox = TRUE, null = "null", na = "null", dataframe = "columns"), file.path(here, "metafor_zero_cells.json"))
