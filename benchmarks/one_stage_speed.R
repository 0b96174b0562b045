# Median seconds of coxph on a table, stratified by trial:  Rscript one_stage_speed.R patients.csv repeats
suppressMessages(library(survival))
given <- commandArgs(trailingOnly = TRUE)
data <- read.csv(given[1])
fit <- NULL
seconds <- sapply(seq_len(as.integer(given[2])), function(i) {
  unname(system.time(fit <<- coxph(Surv(time, event) ~ treatment + strata(study), data))["elapsed"])
})
started <- proc.time()["elapsed"]
many <- if (nrow(data) <= 10000) 20 else 1
for (i in seq_len(many)) coxph(Surv(time, event) ~ treatment + strata(study), data)
per <- unname(proc.time()["elapsed"] - started) / many
cat(format(c(min(per, median(seconds[seconds > 0])), coef(fit), sqrt(fit$var[1, 1])), digits = 16), as.character(packageVersion("survival")), R.version$major, R.version$minor)
