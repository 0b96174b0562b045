# The headline numbers of the review digitised/reviews/tace_rt, from what is printed and from the facsimile's patients, by metafor and survival.
#   Rscript tests/reference/review.R digitised tests/reference/review.json
library(metafor)
library(survival)
library(jsonlite)

arguments <- commandArgs(trailingOnly = TRUE)
home <- arguments[1]
printed <- read.csv(file.path(home, "tacerte", "reported.csv"), check.names = FALSE, colClasses = "character")
patients <- read.csv(file.path(home, "tacerte", "facsimile_patients.csv"), comment.char = "#")
patients$crt <- as.integer(patients$arm == "TACE + CRT")

# --- pooling ----------------------------------------------------------------------------------------------------------
from_interval <- function(value, low, high) c(log(value), (log(high) - log(low)) / (2 * qnorm(0.975)))
# Exponential survival: the log of a median has the variance 1 / (n log(2)^2) where events are not told.
from_medians <- function(first, second, n1, n2) c(log(second / first), sqrt(1 / (n1 * log(2)^2) + 1 / (n2 * log(2)^2)))
part <- function(fit) list(estimate = c(fit$beta), se = fit$se, ci_low = fit$ci.lb, ci_high = fit$ci.ub, p = fit$pval)
pooled <- function(rows) {
  yi <- rows[, 1]; vi <- rows[, 2]^2
  fixed <- rma(yi, vi, method = "EE")
  random <- rma(yi, vi, method = "REML", test = if (length(yi) > 1) "adhoc" else "z", control = list(threshold = 1e-12, maxiter = 10000))
  list(yi = yi, sei = rows[, 2], fixed = part(fixed), random = c(part(random), tau2 = random$tau2), q = fixed$QE, q_p = fixed$QEp)
}
between <- function(rows, group) {
  fits <- lapply(split(seq_along(group), group), function(index) rma(rows[index, 1], rows[index, 2]^2, method = "EE"))
  means <- sapply(fits, function(fit) c(fit$beta)); se <- sapply(fits, function(fit) fit$se)
  fit <- rma(means, se^2, method = "EE")
  list(q = fit$QE, p = fit$QEp)
}
assumed <- function(rows, trials) lapply(c(0, 0.1, 0.2, 0.3, 0.5)^2, function(tau2) c(tau2 = tau2, part(rma(rows[, 1], rows[, 2]^2 + tau2 / trials, method = "EE"))))

survival_rows <- rbind(from_interval(1.23, 0.83, 1.82), from_medians(47.1, 36.8, 35, 39), from_medians(47.9, 36.8, 25, 24))

fits <- summary(survfit(Surv(time, event) ~ crt, patients, conf.type = "log-log"), times = c(12, 24, 36, 60))
at <- function(time, crt) which(fits$time == time & fits$strata == paste0("crt=", crt))
risk <- function(crt) 1 - fits$surv[at(36, crt)]
log_risk_se <- function(crt) fits$std.err[at(36, crt)] / risk(crt)
death_rows <- rbind(c(log(risk(1) / risk(0)), sqrt(log_risk_se(1)^2 + log_risk_se(0)^2)), from_interval(0.80, 0.73, 0.88))

tang <- escalc("RR", ai = 3, n1i = 25, ci = 6, n2i = 24)
response_rows <- rbind(c(tang$yi, sqrt(tang$vi)), from_interval(0.49, 0.39, 0.61))
counts <- function(a, n1, c, n2) { one <- escalc("RR", ai = a, n1i = n1, ci = c, n2i = n2); rbind(c(one$yi, sqrt(one$vi))) }

# --- one trial --------------------------------------------------------------------------------------------------------
safety <- function() {
  rows <- printed[printed$quantity == "events" & printed$unit == "participants" & grepl("grade III-IV", printed$endpoint) & printed$arm != "both", ]
  lapply(unique(rows$endpoint), function(endpoint) {
    of <- function(arm) rows[rows$endpoint == endpoint & rows$arm == arm, ][1, ]
    first <- of("TACE + CRT"); second <- of("TACE")
    a <- as.numeric(first$value); n1 <- as.numeric(first$n); c <- as.numeric(second$value); n2 <- as.numeric(second$n)
    one <- escalc("OR", ai = a, n1i = n1, ci = c, n2i = n2, to = "only0", drop00 = TRUE)
    table <- matrix(c(a, n1 - a, c, n2 - c), 2)
    chi <- if (a + c > 0) suppressWarnings(chisq.test(table, correct = FALSE)$p.value) else NA
    list(event = endpoint, events_1 = a, n_1 = n1, events_2 = c, n_2 = n2, odds_ratio = exp(c(one$yi)), ci_low = exp(c(one$yi) - qnorm(0.975) * sqrt(one$vi)),
         ci_high = exp(c(one$yi) + qnorm(0.975) * sqrt(one$vi)), fisher_p = fisher.test(table)$p.value, chi_square_p = chi)
  })
}
person_time <- function(arm) {
  rows <- printed[printed$panel == "4" & printed$quantity == "n_risk" & printed$arm == arm, ]
  time <- as.numeric(rows$time); n <- as.numeric(rows$value)
  sum(diff(time) * (head(n, -1) + tail(n, -1)) / 2)
}
rate <- escalc("IRR", x1i = 12, t1i = person_time("TACE + CRT"), x2i = 4, t2i = person_time("TACE"))
cox <- coxph(Surv(time, event) ~ crt, patients, ties = "efron")
quantiles <- quantile(survfit(Surv(time, event) ~ crt, patients, conf.type = "log-log"), 0.5)
mean_to <- function(tau) summary(survfit(Surv(time, event) ~ crt, patients), rmean = tau)$table[, c("rmean", "se(rmean)")]
last <- min(tapply(patients$time, patients$crt, max))
means <- mean_to(last)

write_json(list(
  versions = list(R = R.version.string, metafor = as.character(packageVersion("metafor")), survival = as.character(packageVersion("survival"))),
  outcomes = list(
    "Overall survival" = c(pooled(survival_rows), list(between = between(survival_rows, c("a", "u", "u")), absolute = 1 - (1 - 0.39)^exp(pooled(survival_rows)$random$estimate))),
    "Death at 3 years" = c(pooled(death_rows), list(between = between(death_rows, c("a", "h")), assumed = assumed(death_rows, c(1, 7)))),
    "No tumour response" = c(pooled(response_rows), list(between = between(response_rows, c("u", "h")), assumed = assumed(response_rows, c(1, 8)))),
    "Any early adverse event, grade III-IV" = pooled(counts(22, 56, 24, 64)),
    "Any late adverse event, grade III-IV" = pooled(counts(21, 56, 14, 64)),
    "Late portal-hypertension event, grade III-IV" = pooled(counts(12, 56, 4, 64))
  ),
  safety = safety(),
  rate = list(time_1 = person_time("TACE + CRT"), time_2 = person_time("TACE"), ratio = exp(c(rate$yi)), ci_low = exp(c(rate$yi) - qnorm(0.975) * sqrt(rate$vi)),
              ci_high = exp(c(rate$yi) + qnorm(0.975) * sqrt(rate$vi))),
  facsimile = list(hr = exp(unname(coef(cox))), ci = exp(unname(confint(cox)[1, ])), logrank_p = 1 - pchisq(survdiff(Surv(time, event) ~ crt, patients)$chisq, 1),
                   zph_p = cox.zph(cox)$table["crt", "p"], median = unname(quantiles$quantile[, 1]), median_low = unname(quantiles$lower[, 1]), median_high = unname(quantiles$upper[, 1]),
                   survival = list(time = fits$time, arm = as.character(fits$strata), survival = fits$surv), horizon = last,
                   rmst_difference = unname(means[2, 1] - means[1, 1]), rmst_se = unname(sqrt(sum(means[, 2]^2))))
), arguments[2], digits = NA, auto_unbox = TRUE, pretty = TRUE, na = "null")
