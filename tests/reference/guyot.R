# An implementation of Guyot, Ades, Ouwens, Welton (BMC Med Res Methodol 2012;12:9) from the paper's text, run on
# Kaplan-Meier curves of the data sets of R's package survival. Writes guyot.json beside it:
#   Rscript tests/reference/guyot.R tests/reference/guyot.json
# A case whose mending loop does not end within 2,000 guesses is kept with "ended": false.
library(survival)
library(jsonlite)

most_guesses <- 2000

# Steps 2 and 3: spread the censorings over the rows k of an interval and invert the Kaplan-Meier equations.
pass <- function(time, surv, k, end, n, km, censored) {
  at <- if (censored > 0) time[k[1]] + seq_len(censored) * (end - time[k[1]]) / (censored + 1) else numeric(0)
  until <- c(time[k[-1]], end)
  d <- cens <- integer(length(k))
  for (j in seq_along(k)) {
    cens[j] <- sum(at >= time[k[j]] & at < until[j])
    d[j] <- if (n > 0 && km > 0) round(n * (1 - surv[k[j]] / km)) else 0
    if (d[j] > 0) km <- km * (1 - d[j] / n)
    n <- n - d[j] - cens[j]
    if (n < 0) return(NULL)
  }
  list(d = d, cens = cens, n = n, km = km)
}

guyot <- function(time, surv, lower, nrisk, total = NULL) {
  rows <- length(time)
  intervals <- length(lower)
  d <- cens <- integer(rows)
  n <- nrisk[1]
  km <- 1
  left <- 0
  reached <- n
  for (i in seq_len(intervals - 1)) {
    k <- lower[i]:(lower[i + 1] - 1)
    end <- time[lower[i + 1]]
    # Step 1
    guess <- if (surv[lower[i]] > 0) round(nrisk[i] * surv[lower[i + 1]] / surv[lower[i]] - nrisk[i + 1]) else 0
    guess <- max(guess, 0)
    # Step 4
    for (attempt in seq_len(most_guesses)) {
      p <- pass(time, surv, k, end, n, km, guess)
      if (is.null(p)) return(list(ended = FALSE, why = "more leave than are left"))
      if (p$n == nrisk[i + 1] || (p$n < nrisk[i + 1] && guess == 0)) break
      guess <- max(guess + p$n - nrisk[i + 1], 0)
      if (attempt == most_guesses) return(list(ended = FALSE, why = "the guesses do not settle"))
    }
    d[k] <- p$d
    cens[k] <- p$cens
    left <- left + guess
    n <- p$n
    km <- p$km
    reached <- c(reached, n)
  }
  # Steps 6 to 8
  first <- lower[intervals]
  k <- first:rows
  before <- sum(d)
  if (!is.null(total) && before >= total) {
    d[k] <- 0
    return(list(ended = TRUE, d = d, cens = cens, n_risk = reached, n_end = n))
  }
  guess <- if (intervals > 1) round(left * (time[rows] - time[first]) / (time[first] - time[1])) else 0
  guess <- min(guess, n)
  for (attempt in seq_len(most_guesses)) {
    p <- pass(time, surv, k, time[rows], n, km, guess)
    if (is.null(p)) return(list(ended = FALSE, why = "more leave than are left"))
    if (is.null(total)) break
    over <- before + sum(p$d) - total
    if (over == 0 || (over < 0 && guess == 0)) break
    guess <- max(guess + over, 0)
    if (attempt == most_guesses) return(list(ended = FALSE, why = "the guesses do not settle"))
  }
  d[k] <- p$d
  cens[k] <- p$cens
  list(ended = TRUE, d = d, cens = cens, n_risk = reached, n_end = p$n)
}

# Rows: every event time, every printed time, the end of follow-up; numbers at risk count time >= t.
rows_of <- function(time, event, printed, digits) {
  fit <- survfit(Surv(time, event) ~ 1)
  at <- sort(unique(c(0, fit$time[fit$n.event > 0], printed, max(time))))
  surv <- summary(fit, times = at, extend = TRUE)$surv
  if (!is.null(digits)) surv <- round(surv, digits)
  list(time = at, surv = surv, lower = match(printed, at), nrisk = sapply(printed, function(t) sum(time >= t)))
}

case <- function(name, data, printed, digits = NULL, total = FALSE) {
  data <- data[order(data$time), ]
  rows <- rows_of(data$time, data$event, printed, digits)
  known <- if (total) sum(data$event) else NULL
  answer <- guyot(rows$time, rows$surv, rows$lower, rows$nrisk, known)
  list(name = name, time = rows$time, survival = rows$surv, lower = rows$lower - 1, n_risk = rows$nrisk,
       n_event = known, answer = answer)
}

pick <- function(data, time, event) data.frame(time = data[[time]], event = as.integer(data[[event]]))
lung$dead <- lung$status == 2
men <- pick(lung[lung$sex == 1, ], "time", "dead")
women <- pick(lung[lung$sex == 2, ], "time", "dead")
colon_death <- colon[colon$etype == 2, ]
lev <- pick(colon_death[colon_death$rx == "Lev+5FU", ], "time", "status")
obs <- pick(colon_death[colon_death$rx == "Obs", ], "time", "status")
veterans <- pick(veteran, "time", "status")
ovary <- pick(ovarian, "futime", "fustat")
leukaemia <- pick(aml, "time", "status")
pbc$dead <- pbc$status == 2
liver <- pick(pbc[!is.na(pbc$trt) & pbc$trt == 1, ], "time", "dead")

cases <- list(
  case("lung men, full table", men, seq(0, 1000, 200)),
  case("lung men, full table, total", men, seq(0, 1000, 200), total = TRUE),
  case("lung men, three decimals", men, seq(0, 1000, 200), digits = 3),
  case("lung women, full table", women, seq(0, 800, 200)),
  case("lung women, n alone", women, 0),
  case("lung women, n and total", women, 0, total = TRUE),
  case("colon lev, yearly", lev, seq(0, 2900, 365)),
  case("colon lev, yearly, two decimals, total", lev, seq(0, 2900, 365), digits = 2, total = TRUE),
  case("colon obs, yearly", obs, seq(0, 2900, 365)),
  case("colon obs, two times", obs, c(0, 1500)),
  case("veteran, dies out", veterans, seq(0, 900, 100)),
  case("ovarian, few patients", ovary, seq(0, 1000, 250)),
  case("ovarian, n alone", ovary, 0),
  case("aml", leukaemia, seq(0, 40, 10)),
  case("pbc, total", liver, seq(0, 4000, 500), total = TRUE),
  case("pbc, three decimals", liver, seq(0, 4000, 500), digits = 3)
)

made <- list(
  script = "tests/reference/guyot.R",
  r = R.version.string,
  packages = list(survival = as.character(packageVersion("survival")), jsonlite = as.character(packageVersion("jsonlite"))),
  cases = cases
)
file <- commandArgs(trailingOnly = TRUE)[1]
writeLines(toJSON(made, auto_unbox = TRUE, digits = 17, null = "null", pretty = FALSE), file)
cat(sum(sapply(cases, function(c) c$answer$ended)), "of", length(cases), "ended\n")
