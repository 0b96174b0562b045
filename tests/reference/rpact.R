# Reference boundaries for metaanalysis, computed by rpact. Run: Rscript tests/reference/rpact.R
# Writes rpact.json beside itself; the versions used are written into it.
suppressMessages({library(rpact); library(jsonlite)})

here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))

times <- list(two = c(0.5, 1), three = (1:3) / 3, four = c(0.3, 0.5, 0.65, 1), five = (1:5) / 5, six = c(0.25, 0.4, 0.55, 0.7, 0.85, 1))
alphas <- c(0.05, 0.03, 0.02)

two_sided <- function(rates, alpha) {
  design <- getDesignGroupSequential(informationRates = rates, alpha = alpha, sided = 2, typeOfDesign = "asOF", tolerance = 1e-10)
  list(fractions = rates, boundary = design$criticalValues, alpha_spent = design$alphaSpent)
}

result <- list(
  versions = list(R = as.character(getRversion()), rpact = as.character(packageVersion("rpact"))),
  boundaries = lapply(times, function(rates) lapply(setNames(alphas, alphas), function(alpha) two_sided(rates, alpha)))
)
write_json(result, file.path(here, "rpact.json"), digits = 12, auto_unbox = TRUE, pretty = TRUE)
