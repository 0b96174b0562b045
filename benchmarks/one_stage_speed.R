# Mean processor seconds of coxph on a table, stratified by trial, after a first call:  Rscript one_stage_speed.R patients.csv repeats
suppressMessages(library(survival))
given <- commandArgs(trailingOnly = TRUE)
data <- read.csv(given[1])
repeats <- as.integer(given[2])
fit <- coxph(Surv(time, event) ~ treatment + strata(study), data)
used <- function() sum(proc.time()[c("user.self", "sys.self")])
started <- used()
for (i in seq_len(repeats)) coxph(Surv(time, event) ~ treatment + strata(study), data)
seconds <- (used() - started) / repeats
cat(format(c(seconds, coef(fit), sqrt(fit$var[1, 1])), digits = 16), as.character(packageVersion("survival")), R.version$major, R.version$minor)
