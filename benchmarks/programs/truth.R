# What a figure drawn in R really shows, in the format of the practice figures.
# A script that sources this draws each figure inside figure(...) and ends with finish().

suppressPackageStartupMessages({
  library(survival)
  library(jsonlite)
})

given <- commandArgs(trailingOnly = TRUE)
out <- given[1]
only <- if (length(given) > 1) given[2] else ""
device <- if (length(given) > 2) given[3] else "raster"
entries <- list()
fewest_events <- 5
vector_devices <- c("pdf", "cairo_pdf", "svg", "svglite")

# Patients of a plot: time on the axis' scale, event 0/1, arm as a factor whose levels are the names as printed.
# A lone arm whose name is printed nowhere is "arm 1", as the reader calls it.
patients <- function(time, event, arm = "All", levels = NULL) {
  made <- data.frame(time = as.numeric(time), event = as.integer(event))
  made$arm <- if (is.null(levels)) factor(arm) else factor(arm, labels = levels)
  droplevels(made[complete.cases(made), ])
}

kaplan_meier <- function(data) survfit(Surv(time, event) ~ arm, data)

# Rows (arm, time, survival) of survfit: 1 at 0, then each time.
curves_of <- function(data) {
  of_arm <- function(name) {
    fit <- survfit(Surv(time, event) ~ 1, data[data$arm == name, ])
    data.frame(arm = name, time = c(0, fit$time), survival = c(1, fit$surv))
  }
  do.call(rbind, lapply(levels(data$arm), of_arm))
}

# Numbers at risk just before each time, as survfit counts them.
at_risk_of <- function(data, times) {
  count <- function(name) vapply(times, function(t) sum(data$time[data$arm == name] >= t), 0)
  do.call(rbind, lapply(levels(data$arm), function(name) data.frame(arm = name, time = times, n_risk = count(name))))
}

write_truth <- function(name, kind, rows) {
  if (is.null(rows)) return(NULL)
  path <- file.path("truth", paste0(name, ".", kind, ".csv"))
  write.csv(rows, file.path(out, path), row.names = FALSE)
  path
}

# Times that have a censor mark, as all these packages put them: wherever a patient was censored, if room is left on the axis.
marks_of <- function(data, x_max) {
  marked <- unique(data[data$event == 0 & data$time <= x_max, c("arm", "time")])
  marked[order(marked$arm, marked$time), ]
}

# One panel of a picture. `times` are those of the printed numbers at risk, NULL when none is printed; `curves` replaces
# the Kaplan-Meier curve of `data` where something else is drawn; `marked` tells whether censored patients are marked.
entry <- function(name, file, data, x_max, tags, times = NULL, panel = NULL, at_risk = NULL, curves = NULL, trap = FALSE,
                  marked = FALSE) {
  if (is.null(curves)) curves <- curves_of(data)
  if (is.null(at_risk) && !is.null(times)) at_risk <- at_risk_of(data, times)
  enough <- !is.null(data) && min(tapply(data$event, data$arm, sum)) >= fewest_events
  ipd <- if (enough) data[, c("arm", "time", "event")]
  marks <- if (marked) marks_of(data, x_max) else data.frame(arm = character(), time = numeric())
  carried <- if (device != "raster") {
    shown <- if (grepl("svg$", file) && device_of(name) == "svg") "outlines" else "text"
    list(way = "vector", text = shown, simplified = FALSE, device = device_of(name))
  }
  entries[[length(entries) + 1]] <<- c(list(
    name = name, file = file.path("images", file), panel = panel, arms = I(unique(as.character(curves$arm))),
    truth = "exact", x_max = x_max, curves = write_truth(name, "curves", curves),
    at_risk = write_truth(name, "at_risk", at_risk), marks = write_truth(name, "marks", marks),
    ipd = write_truth(name, "ipd", ipd), hr = NULL, tags = paste(tags, collapse = ","), trap = trap
  ), carried)
}

# The device a figure is drawn with; those that write vectors take turns, by the number in the figure's name.
device_of <- function(name) {
  if (device != "turns") return(device)
  vector_devices[1 + as.integer(substr(name, 2, 3)) %% length(vector_devices)]
}

# Open a device for a picture of so many px; the file's name.
open_device <- function(name, width, height, res, jpeg) {
  kind <- device_of(name)
  ending <- if (kind != "raster") sub("cairo_|lite", "", kind) else if (is.na(jpeg)) "png" else "jpg"
  path <- file.path(out, "images", paste0(name, ".", ending))
  inches <- c(width, height) / res
  switch(kind,
    raster = if (is.na(jpeg)) png(path, width, height, res = res, type = "cairo") else
      jpeg(path, width, height, res = res, quality = jpeg, type = "cairo"),
    pdf = pdf(path, inches[1], inches[2]), cairo_pdf = cairo_pdf(path, inches[1], inches[2]),
    svg = svg(path, inches[1], inches[2]), svglite = svglite::svglite(path, inches[1], inches[2])
  )
  basename(path)
}

# The file of the figure entered last, for further panels of it.
same_file <- function() basename(entries[[length(entries)]]$file)

# Draw a picture and note its truth; `...` as entry() takes it.
figure <- function(name, draw, data, x_max, tags, width = 800, height = 600, res = 110, jpeg = NA, ...) {
  if (!grepl(only, name, fixed = TRUE)) return(invisible())
  file <- open_device(name, width, height, res, jpeg)
  draw()
  dev.off()
  entry(name, file, data, x_max, tags, ...)
}

finish <- function(script) {
  used <- c("R" = as.character(getRversion()), vapply(loadedNamespaces(), function(p) as.character(packageVersion(p)), ""))
  write_json(list(entries = entries, versions = as.list(used[order(names(used))])), file.path(out, paste0(script, ".json")),
             auto_unbox = TRUE, null = "null", digits = NA)
}
