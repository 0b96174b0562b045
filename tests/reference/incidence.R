# Cumulative incidence of competing causes by R's packages cmprsk and survival, on data sets of survival.
#   Rscript tests/reference/incidence.R tests/reference/incidence.json
library(survival)
library(cmprsk)
library(jsonlite)

mgus2$first <- with(mgus2, ifelse(pstat == 1, 1L, ifelse(death == 1, 2L, 0L)))
mgus2$months <- with(mgus2, ifelse(pstat == 1, ptime, futime))
sets <- list(
  mgus2 = data.frame(time = mgus2$months, cause = mgus2$first),
  pbc = data.frame(time = pbc$time, cause = as.integer(pbc$status)),
  ties = data.frame(time = c(1, 1, 1, 2, 2, 3, 3, 3, 4, 5, 5, 5), cause = c(1L, 2L, 0L, 1L, 0L, 3L, 1L, 1L, 0L, 2L, 3L, 0L)),
  alone = data.frame(time = c(2, 3, 3, 5, 8), cause = c(1L, 1L, 0L, 1L, 0L))
)

of_set <- function(name) {
  data <- sets[[name]]
  causes <- sort(setdiff(unique(data$cause), 0L))
  at <- sort(unique(data$time))
  by_cmprsk <- timepoints(cuminc(data$time, data$cause, cencode = 0), at)$est
  state <- factor(data$cause, c(0L, causes))
  fit <- survfit(Surv(time, state) ~ 1, data.frame(time = data$time, state = state))
  by_survival <- if (length(causes) > 1) fit$pstate[match(at, fit$time), -1, drop = FALSE] else NULL
  if (is.null(by_survival)) {
    plain <- survfit(Surv(time, cause == 1) ~ 1, data)
    by_survival <- matrix(1 - plain$surv[match(at, plain$time)])
  }
  list(name = name, time = data$time, cause = data$cause, at = at,
       cmprsk = unname(apply(by_cmprsk, 1, as.numeric, simplify = FALSE)),
       survival = unname(apply(by_survival, 2, as.numeric, simplify = FALSE)))
}
made <- list(script = "tests/reference/incidence.R", r = R.version.string,
             packages = list(cmprsk = as.character(packageVersion("cmprsk")), survival = as.character(packageVersion("survival"))),
             sets = lapply(names(sets), of_set))
writeLines(toJSON(made, auto_unbox = TRUE, digits = 17, na = "null"), commandArgs(trailingOnly = TRUE)[1])
