# From patients to a meta-analysis, by R's package survival: one-stage and two-stage Cox models, tests of proportional
# hazards, restricted means, landmarks, windows of time, and the random treatment effect as ridge regression per trial.
#   Rscript tests/reference/patients.R tests/reference/patients.json
library(survival)
library(jsonlite)

exactly <- coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 100)
table_of <- function(study, treatment, time, event) {
  data.frame(study = as.character(study), treatment = as.integer(treatment), time = as.numeric(time), event = as.integer(event))
}

simulated <- function(seed, n, effect, sd, rate, digits, censoring = 40) {
  set.seed(seed)
  parts <- lapply(seq_along(n), function(j) {
    treatment <- rbinom(n[j], 1, 0.5)
    hazard <- rate[j] * exp((effect + sd[j]) * treatment)
    time <- rexp(n[j], hazard)
    censored <- runif(n[j], 6, censoring)
    seen <- pmin(time, censored)
    seen <- if (digits == 0) ceiling(seen) else round(seen, digits)
    table_of(paste("trial", j), treatment, seen, time <= censored)
  })
  do.call(rbind, parts)
}
few <- simulated(3, c(40, 70, 90, 120, 60, 80), -0.3, c(-0.2, 0.1, 0.3, -0.4, 0, 0.1), c(.05, .06, .03, .08, .05, .04), 0)
few$event[few$study == "trial 5" & few$treatment == 1] <- 0L
lev <- colon[colon$etype == 2 & colon$rx != "Lev", ]
sets <- list(
  veteran = table_of(veteran$celltype, veteran$trt == 2, veteran$time, veteran$status),
  colon = table_of(paste("extent", lev$extent), lev$rx == "Lev+5FU", lev$time, lev$status),
  simulated = simulated(1, c(60, 80, 100, 120, 150, 200, 250, 300), -0.25, c(.5, -.6, .2, -.3, .4, -.1, -.5, .3),
                        c(.03, .04, .05, .06, .07, .08, .05, .04), 3),
  homogeneous = simulated(2, c(100, 120, 140, 160, 180), -0.3, rep(0, 5), rep(.05, 5), 2),
  tied = few
)

cox <- function(data, ties = "efron", by_trial = TRUE) {
  form <- if (by_trial) Surv(time, event) ~ treatment + strata(study) else Surv(time, event) ~ treatment
  fit <- suppressWarnings(coxph(form, data, ties = ties, control = exactly))
  list(yi = unname(coef(fit)), sei = sqrt(fit$var[1, 1]), log_likelihood = fit$loglik[2], fit = fit)
}
plain <- function(found) found[c("yi", "sei", "log_likelihood")]
zph <- function(found) {
  test <- cox.zph(found$fit, transform = "km")$table["treatment", ]
  list(statistic = unname(test["chisq"]), p = unname(test["p"]))
}
trials_of <- function(data) split(data, factor(data$study, unique(data$study)))
has_ratio <- function(data) isTRUE(all(tapply(data$event, factor(data$treatment, 0:1), sum) > 0))

horizon_of <- function(data) min(sapply(trials_of(data), function(d) min(tapply(d$time, d$treatment, max))))
arms <- function(data, tau, at) {
  lapply(split(data, data$treatment), function(d) {
    fit <- survfit(Surv(time, event) ~ 1, d)
    mean <- summary(fit, rmean = tau)$table
    seen <- summary(fit, times = at, extend = TRUE)
    list(rmst = unname(mean[grep("^.?rmean$", names(mean))]), se = unname(mean[grep("se", names(mean))]),
         survival = seen$surv, survival_se = seen$std.err)
  })
}
windows <- function(data, edges) {
  whole <- survSplit(Surv(time, event) ~ ., data, cut = edges, episode = "window", zero = -1)
  lapply(sort(unique(whole$window)), function(w) {
    part <- whole[whole$window == w, ]
    one <- coxph(Surv(tstart, time, event) ~ treatment + strata(study), part, control = exactly)
    per <- lapply(trials_of(part), function(d) {
      if (!has_ratio(d)) return(NULL)
      fit <- suppressWarnings(coxph(Surv(tstart, time, event) ~ treatment, d, control = exactly))
      list(yi = unname(coef(fit)), sei = sqrt(fit$var[1, 1]))
    })
    list(yi = unname(coef(one)), sei = sqrt(one$var[1, 1]), trials = per)
  })
}

# The random treatment effect at a given tau2: u_j are coefficients of treatment in trial j with the penalty u_j^2 / (2 tau2)
penalised <- function(data, tau2) {
  k <- length(unique(data$study))
  z <- sapply(unique(data$study), function(s) data$treatment * (data$study == s))
  frame <- data.frame(data, z = I(z), stratum = factor(data$study))
  theta <- 1 / tau2
  form <- as.formula(paste0("Surv(time, event) ~ treatment + ridge(", paste0("z[, ", 1:k, "]", collapse = ", "),
                            ", theta = ", format(theta, digits = 17), ", scale = FALSE) + strata(stratum)"))
  fit <- coxph(form, frame, control = coxph.control(eps = 1e-13, toler.chol = 1e-14, iter.max = 100, outer.max = 50))
  b <- coef(fit)[1]; u <- coef(fit)[-1]
  free <- coxph(Surv(time, event) ~ treatment + z + strata(stratum), frame, init = c(b, u), control = coxph.control(iter.max = 0))
  height <- free$loglik[2] - sum(u^2) / (2 * tau2)
  hessian <- solve(fit$var)
  half <- 0.5 * as.numeric(determinant(hessian[-1, -1])$modulus)
  full <- 0.5 * as.numeric(determinant(hessian)$modulus)
  list(tau2 = tau2, b = unname(b), slopes = unname(b + u), se = sqrt(fit$var[1, 1]),
       ML = height - half - 0.5 * k * log(tau2), REML = height - full - 0.5 * k * log(tau2))
}
estimated <- function(data, method) {
  found <- optimise(function(l) penalised(data, exp(l))[[method]], log(c(1e-4, 4)), maximum = TRUE, tol = 1e-9)
  penalised(data, exp(found$maximum))[c("tau2", "b", "se")]
}

analysis <- function(name) {
  data <- sets[[name]]
  tau <- horizon_of(data)
  at <- round(tau * c(0.3, 0.6, 0.9))
  edges <- unname(quantile(data$time[data$event == 1], c(1, 2) / 3, type = 1))
  trials <- trials_of(data)
  made <- list(
    name = name, patients = as.list(data),
    one_stage = list(efron = plain(cox(data)), breslow = plain(cox(data, "breslow"))), zph = zph(cox(data)),
    trials = lapply(trials, function(d) {
      found <- if (has_ratio(d)) cox(d, by_trial = FALSE)
      list(cox = if (has_ratio(d)) plain(found), zph = if (has_ratio(d)) zph(found), arms = arms(d, tau, at))
    }),
    tau = tau, at = at, edges = edges, windows = windows(data, edges),
    penalised = lapply(c(0.02, 0.3), function(tau2) penalised(data, tau2))
  )
  if (name %in% c("simulated", "tied", "veteran")) made$random <- list(ML = estimated(data, "ML"), REML = estimated(data, "REML"))
  made
}
made <- list(script = "tests/reference/patients.R", r = R.version.string,
             packages = list(survival = as.character(packageVersion("survival"))), sets = lapply(names(sets), analysis))
writeLines(toJSON(made, auto_unbox = TRUE, digits = 17, na = "null", null = "null"), commandArgs(trailingOnly = TRUE)[1])
