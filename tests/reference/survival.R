# Kaplan-Meier, median, restricted mean, Cox (Efron) and log-rank by R's package survival, on its data sets.
#   Rscript tests/reference/survival.R tests/reference/survival.json
library(survival)
library(jsonlite)

pick <- function(data, time, event, group) {
  data.frame(time = data[[time]], event = as.integer(data[[event]]), group = as.integer(as.factor(data[[group]])) - 1L)
}
lung$dead <- lung$status == 2
pbc$dead <- pbc$status == 2
sets <- list(
  lung = pick(lung, "time", "dead", "sex"),
  veteran = pick(veteran, "time", "status", "trt"),
  ovarian = pick(ovarian, "futime", "fustat", "rx"),
  aml = pick(aml, "time", "status", "x"),
  pbc = pick(pbc[!is.na(pbc$trt), ], "time", "dead", "trt"),
  half = data.frame(time = c(1, 2, 3, 4, 5, 6, 2, 3, 5, 7, 8, 9), event = c(1, 1, 1, 0, 0, 0, 1, 0, 1, 1, 0, 1),
                    group = rep(0:1, each = 6)),
  ties = data.frame(time = c(1, 1, 1, 2, 2, 3, 1, 2, 2, 3, 3, 3), event = c(1, 1, 0, 1, 0, 1, 1, 1, 1, 0, 1, 0),
                    group = rep(0:1, each = 6))
)

median_of <- function(data, type) {
  q <- quantile(survfit(Surv(time, event) ~ 1, data, conf.type = type), 0.5)
  unname(unlist(q))
}
arm <- function(data) {
  fit <- survfit(Surv(time, event) ~ 1, data)
  tau <- 0.8 * max(data$time)
  mean <- summary(fit, rmean = tau)$table
  list(time = data$time, event = data$event,
       km = list(time = fit$time, n_risk = fit$n.risk, n_event = fit$n.event, n_censored = fit$n.censor, survival = fit$surv),
       log = list(low = fit$lower, high = fit$upper),
       median = list("log" = median_of(data, "log"), "log-log" = median_of(data, "log-log"), plain = median_of(data, "plain")),
       tau = tau, rmst = unname(mean[grep("^.?rmean$", names(mean))]), rmst_se = unname(mean[grep("se", names(mean))]))
}
trial <- function(name) {
  data <- sets[[name]]
  model <- coxph(Surv(time, event) ~ group, data, ties = "efron",
                 control = coxph.control(eps = 1e-12, toler.chol = 1e-13, iter.max = 50))
  cox <- summary(model)
  test <- survdiff(Surv(time, event) ~ group, data)
  list(name = name, arms = lapply(split(data, data$group), arm), yi = cox$coefficients[1, "coef"],
       sei = cox$coefficients[1, "se(coef)"], zph_p = cox.zph(model)$table["group", "p"], logrank = test$chisq, o_minus_e = test$obs[2] - test$exp[2], v = test$var[2, 2])
}
made <- list(script = "tests/reference/survival.R", r = R.version.string,
             packages = list(survival = as.character(packageVersion("survival"))), trials = lapply(names(sets), trial))
writeLines(toJSON(made, auto_unbox = TRUE, digits = 17, na = "null"), commandArgs(trailingOnly = TRUE)[1])
