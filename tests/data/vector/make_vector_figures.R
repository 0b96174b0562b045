# Kaplan-Meier figures of made-up patients, as R's devices write them: small files for tests/test_vector_truth.py.
#   Rscript tests/data/vector/make_vector_figures.R tests/data/vector
# Writes each figure, its patients (CSV: arm,time,event) and vector_figures.json: what each figure holds, and the versions.
suppressPackageStartupMessages({
  library(survival)
  library(survminer)
  library(ggplot2)
  library(jsonlite)
})
out <- commandArgs(trailingOnly = TRUE)[1]
figures <- list()

# Exponential deaths, censored evenly over most of 48 months; times in tenths of months, or with `ties` in whole ones.
simulate <- function(seed, sizes, rates, ties = FALSE) {
  set.seed(seed)
  one <- function(arm) {
    death <- rexp(sizes[[arm]], rates[[arm]])
    followed <- runif(sizes[[arm]], 12, 47)
    time <- round(pmin(death, followed), 1)
    data.frame(arm = arm, time = if (ties) pmax(ceiling(time), 1) else pmax(time, 0.2), event = as.integer(death <= followed))
  }
  patients <- do.call(rbind, lapply(names(sizes), one))
  patients$arm <- factor(patients$arm, names(sizes))
  patients
}
fit_of <- function(data) survfit(Surv(time, event) ~ arm, data)
counts_of <- function(data, times) sapply(times, function(at) tapply(data$time >= at, data$arm, sum))

two <- simulate(1, c(Placebo = 24, Drug = 31), c(Placebo = 0.06, Drug = 0.025))
tied <- simulate(2, c(Control = 60, Treated = 45), c(Control = 0.05, Treated = 0.03), ties = TRUE)
three <- simulate(3, c(Low = 40, Middle = 33, High = 28), c(Low = 0.012, Middle = 0.04, High = 0.09))
pair <- simulate(4, c(Surgery = 52, Radiation = 38), c(Surgery = 0.02, Radiation = 0.05))
alone <- simulate(5, c(All = 36), c(All = 0.035))
times <- seq(0, 48, 12)

# The last digit of a path in points: pdf and svglite round to 0.01, cairo to 1/256.
digit <- c(pdf = 0.01, svglite = 0.01, svg = 1 / 256, cairo_pdf = 1 / 256)

# `scale` enlarges page, letters and lines alike, so that the last digit is the less; marks are "symbol" or "letter" where
# censored patients are marked. Letters are set to the middle of the text, which the program may know a little less well.
figure <- function(name, device, data, draw, width = 6, height = 5, scale = 1, marks = NULL, table = FALSE, text = TRUE) {
  ending <- c(pdf = "pdf", cairo_pdf = "pdf", svg = "svg", svglite = "svg")[[device]]
  path <- file.path(out, paste0(name, ".", ending))
  size <- scale * c(width, height)
  switch(device,
    pdf = pdf(path, size[1], size[2], pointsize = 12 * scale), cairo_pdf = cairo_pdf(path, size[1], size[2]),
    svg = svg(path, size[1], size[2]), svglite = svglite::svglite(path, size[1], size[2])
  )
  draw(data, scale)
  dev.off()
  if (ending == "pdf") undate(path)
  patients <- paste0(name, ".csv")
  write.csv(data, file.path(out, patients), row.names = FALSE, quote = FALSE)
  figures[[length(figures) + 1]] <<- list(
    name = name, file = basename(path), patients = patients, device = device, digit_pt = digit[[device]], marks = marks,
    at_risk_times = if (table) times, text = device != "svg"
  )
}

# A PDF without the date it was written on.
undate <- function(path) {
  bytes <- readBin(path, "raw", file.size(path))
  dates <- grepRaw("Date \\(D:[0-9]{14}", bytes, all = TRUE)
  for (at in dates) bytes[at + 8:21] <- charToRaw("0")
  writeBin(bytes, path)
}

# Numbers at risk below the axis, as people write them with mtext.
rows_below <- function(data, col = "black") {
  counts <- counts_of(data, times)
  mtext("No. at risk", side = 1, line = 4, at = 0, adj = 1, cex = 0.9)
  for (k in seq_along(levels(data$arm))) {
    mtext(levels(data$arm)[k], side = 1, line = 4 + k, at = -3, adj = 1, cex = 0.9, col = rep(col, 9)[k])
    mtext(counts[k, ], side = 1, line = 4 + k, at = times, cex = 0.9)
  }
}

dashed <- function(data, scale) {
  plot(fit_of(data), lty = 1:2, lwd = scale, mark.time = TRUE, xlab = "Months", ylab = "Overall survival", las = 1,
    xlim = c(0, 48), xaxt = "n")
  axis(1, times, lwd = scale)
  legend("topright", levels(data$arm), lty = 1:2, lwd = scale, bty = "n")
}

with_limits <- function(data, scale) {
  par(mar = c(8, 7, 1, 1))
  shades <- c("#1B6CA8", "#C0392B", "#2E8B57")
  plot(fit_of(data), conf.int = TRUE, col = shades[seq_along(levels(data$arm))], lwd = 2 * scale, mark.time = TRUE,
    xlab = "Months since randomisation", ylab = "Survival probability", las = 1, xlim = c(0, 62), xaxt = "n")
  axis(1, times, lwd = scale)
  legend("topright", levels(data$arm), col = shades, lwd = 2 * scale, bty = "n")
  rows_below(data, shades)
}

percent <- function(data, scale) {
  plot(fit_of(data), col = c("black", "blue", "red"), lwd = 1.5, yscale = 100, mark.time = TRUE, xlab = "Time (months)",
    ylab = "Patients alive (%)", las = 1, xlim = c(0, 62), xaxt = "n", bty = "l")
  axis(1, times)
  legend("topright", levels(data$arm), col = c("black", "blue", "red"), lwd = 1.5, title = "Risk")
}

incidence <- function(data, scale) {
  plot(fit_of(data), fun = "event", lty = c(1, 3), lwd = 2, col = c("darkorange", "purple"), xlab = "Months",
    ylab = "Cumulative incidence", las = 1, xlim = c(0, 48), xaxt = "n")
  axis(1, times)
  legend("topleft", levels(data$arm), lty = c(1, 3), lwd = 2, col = c("darkorange", "purple"), bty = "n")
}

default <- function(data, scale) plot(survfit(Surv(time, event) ~ 1, data), xlab = "Months", ylab = "Survival")

by_survminer <- function(...) {
  function(data, scale) {
    fit <- surv_fit(Surv(time, event) ~ arm, data)
    print(ggsurvplot(fit, data, risk.table = TRUE, break.time.by = 12, xlim = c(0, 48), legend.title = "",
      legend.labs = levels(data$arm), xlab = "Months", ...), newpage = FALSE)
  }
}

by_ggplot <- function(data, scale) {
  of_arm <- function(name) {
    fit <- survfit0(survfit(Surv(time, event) ~ 1, data[data$arm == name, ]))
    data.frame(arm = name, time = fit$time, survival = fit$surv, lower = fit$lower, upper = fit$upper, marked = fit$n.censor > 0)
  }
  rows <- do.call(rbind, lapply(levels(data$arm), of_arm))
  print(ggplot(rows, aes(time, survival, colour = arm)) + geom_ribbon(aes(ymin = lower, ymax = upper, fill = arm), colour = NA,
    alpha = 0.2, stat = "stepribbon") + geom_step(linewidth = 0.7) + geom_point(data = rows[rows$marked, ], shape = 3,
    show.legend = FALSE) + scale_x_continuous(breaks = times, limits = c(0, 48)) + scale_y_continuous(limits = c(0, 1)) +
    labs(x = "Months", y = "Survival", colour = NULL, fill = NULL))
}

# A band that follows the steps.
StatStepribbon <- ggproto("StatStepribbon", Stat, required_aes = c("x", "ymin", "ymax"),
  compute_group = function(data, scales) {
    n <- nrow(data)
    transform(data[rep(seq_len(n), each = 2)[-2 * n], ], x = rep(data$x, each = 2)[-1])
  })

figure("dashes_pdf", "pdf", two, dashed, marks = "symbol")
figure("dashes_large_pdf", "pdf", two, dashed, scale = 24, marks = "symbol")
figure("limits_large_pdf", "pdf", three, with_limits, scale = 24, marks = "symbol", table = TRUE)
figure("limits_svg", "svg", tied, with_limits, marks = "symbol", table = TRUE)
figure("percent_cairo_pdf", "cairo_pdf", three, percent, marks = "symbol")
figure("incidence_svglite", "svglite", tied, incidence)
figure("default_cairo_pdf", "cairo_pdf", alone, default)
figure("survminer_pdf", "pdf", pair, by_survminer(conf.int = TRUE, linetype = "strata", palette = c("#E7B800", "#2E9FDF")),
  height = 6, marks = "letter", table = TRUE)
figure("survminer_svglite", "svglite", three, by_survminer(palette = "lancet", censor.shape = 124), height = 6, marks = "letter",
  table = TRUE)
figure("bands_svglite", "svglite", pair, by_ggplot, marks = "symbol")

packages <- c("survival", "survminer", "ggplot2", "svglite")
versions <- c(R = as.character(getRversion()), vapply(packages, function(p) as.character(packageVersion(p)), ""),
  cairo = grSoftVersion()[["cairo"]])
made <- list(script = "make_vector_figures.R", versions = as.list(versions), figures = figures)
writeLines(toJSON(made, auto_unbox = TRUE, digits = 10, null = "null", pretty = TRUE), file.path(out, "vector_figures.json"))
