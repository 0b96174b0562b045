# Figures by prodlim, rms (survplot) and cmprsk.

source("truth.R")
suppressPackageStartupMessages({
  library(prodlim)
  library(rms)
  library(cmprsk)
})

died <- colon[colon$etype == 2, ]
colon_rx <- patients(died$time / 365.25, died$status, died$rx)
lung_sex <- patients(lung$time / 30.4375, lung$status == 2, lung$sex, c("Male", "Female"))
veteran_cell <- patients(veteran$time, veteran$status, veteran$celltype)
pbc_all <- patients(pbc$time / 365.25, pbc$status == 2, "arm 1")
pbc_edema <- patients(pbc$time / 365.25, pbc$status == 2, pbc$edema, c("No oedema", "Untreated", "Despite therapy"))
gbsg_hormon <- patients(gbsg$rfstime / 30.4375, gbsg$status, gbsg$hormon, c("No", "Yes"))
rotterdam_grade <- patients(rotterdam$rtime / 365.25, rotterdam$recur, rotterdam$grade, c("Grade 2", "Grade 3"))
mgus_sex <- patients(mgus2$futime / 12, mgus2$death, mgus2$sex, c("Female", "Male"))
veteran_trt <- patients(veteran$time, veteran$status, veteran$trt, c("Standard", "Test"))

by_prodlim <- function(data) prodlim(Hist(time, event) ~ arm, data)

figure("p38_colon_rx_prodlim_default",
  function() plot(by_prodlim(colon_rx), xlab = "Years", legend.x = "bottomleft", atrisk.at = seq(0, 8, 2), xlim = c(0, 9),
    axis1.at = 0:9),
  colon_rx, 9,
    c("prodlim", "multi_arm", "ci_band", "legend_inside", "percent_axis"), times = seq(0, 8, 2), width = 800, height = 700,
    res = 100)

figure("p39_lung_sex_prodlim_labels",
  function() plot(by_prodlim(lung_sex), xlab = "Months", col = c("blue", "orange"), legend.legend = levels(lung_sex$arm),
    legend.title = "", legend.x = "topright", atrisk.labels = paste0(levels(lung_sex$arm), ": "), atrisk.title = "No. at risk",
    atrisk.at = seq(0, 30, 6), axis1.at = seq(0, 36, 6), xlim = c(0, 36), marktime = TRUE),
  lung_sex, 36, c("prodlim", "ci_band", "legend_inside"), times = seq(0, 30, 6), width = 900, height = 700, res = 110,
    marked = TRUE)

figure("p40_pbc_single_prodlim",
  function() plot(prodlim(Hist(time, event) ~ 1, pbc_all), xlab = "Years", atrisk = FALSE, percent = FALSE),
  pbc_all, 13.2, c("prodlim", "single_arm", "ci_band", "no_risk_table"), width = 480, height = 480, res = 72)

figure("p41_veteran_cell_prodlim_no_limits",
  function() plot(by_prodlim(veteran_cell), confint = FALSE, xlab = "Days", lwd = 2, legend.legend = levels(veteran_cell$arm),
    legend.x = "topright", legend.title = "", legend.cex = 0.9, atrisk.labels = levels(veteran_cell$arm),
    atrisk.at = seq(0, 900, 150), axis1.at = seq(0, 900, 150), xlim = c(0, 999)),
  veteran_cell, 999, c("prodlim", "multi_arm", "legend_inside"), times = seq(0, 900, 150), width = 1000, height = 800, res = 120)

# Plasma cell malignancy against death without it, by sex: the curves are 1 minus the Aalen-Johansen estimate.
mgus_cause <- with(mgus2, data.frame(time = ifelse(pstat == 0, futime, ptime) / 12, cause = ifelse(pstat == 1, 1, 2 * death),
  sex = factor(sex, labels = c("Female", "Male"))))
incidence <- function(data, cause, names) {
  fit <- survfit(Surv(time, factor(cause, 0:2)) ~ 1, data)
  data.frame(arm = names, time = c(0, fit$time), survival = c(1, 1 - fit$pstate[, 1 + cause]))
}
by_sex <- function(cause, names) rbind(incidence(mgus_cause[mgus_cause$sex == "Female", ], cause, names[1]),
  incidence(mgus_cause[mgus_cause$sex == "Male", ], cause, names[2]))

figure("p42_mgus_sex_prodlim_incidence",
  function() plot(prodlim(Hist(time, cause) ~ sex, mgus_cause), cause = 2, xlab = "Years", ylab = "Cumulative incidence of death",
    atrisk = FALSE, legend.legend = c("Female", "Male"), legend.x = "bottomright", legend.title = "", xlim = c(0, 30),
    percent = FALSE),
  NULL, 30, c("prodlim", "cuminc", "competing_risk", "ci_band", "no_risk_table"), curves = by_sex(2, c("Female", "Male")),
    width = 700, height = 600, res = 100)

figure("p43_gbsg_hormon_rms_below",
  function() {
    fit <- npsurv(Surv(time, event) ~ arm, gbsg_hormon)
    par(mar = c(8, 6, 1, 1))
    survplot(fit, n.risk = TRUE, y.n.risk = -0.35, adj.n.risk = 0.5, cex.n.risk = 0.7, col = c("blue", "red"), lty = 1, lwd = 2,
      conf = "bands", col.fill = c("#0000FF30", "#FF000030"), label.curves = FALSE, time.inc = 12, xlab = "Months")
    legend("bottomleft", levels(gbsg_hormon$arm), col = c("blue", "red"), lty = 1, lwd = 2, bty = "n", title = "Hormone")
  },
  gbsg_hormon, 84, c("rms", "ci_band", "no_row_names_coloured"), times = seq(0, 84, 12), width = 900, height = 700, res = 110)

figure("p44_lung_sex_rms_bars",
  function() {
    fit <- npsurv(Surv(time, event) ~ arm, lung_sex)
    survplot(fit, conf = "bars", lty = c(1, 1), col = c("black", "red"), label.curves = list(keys = "lines", cex = 0.8),
      time.inc = 6, xlab = "Months", levels.only = TRUE)
  },
  lung_sex, 36, c("rms", "ci_bars", "no_risk_table"), width = 700, height = 550, res = 90)

figure("p45_rotterdam_grade_rms_names_beside",
  function() {
    fit <- npsurv(Surv(time, event) ~ arm, rotterdam_grade)
    survplot(fit, conf = "none", lty = 1, lwd = 2, col = c("forestgreen", "darkorange"), label.curves = list(cex = 0.9),
      levels.only = TRUE, time.inc = 2, xlab = "Years", n.risk = TRUE, cex.n.risk = 0.7)
  },
  rotterdam_grade, 20, c("rms", "names_beside_curves", "risk_table_inside_axes"), times = seq(0, 18, 2), width = 900,
    height = 700, res = 110)

figure("p46_pbc_edema_rms_default",
  function() survplot(npsurv(Surv(time, event) ~ arm, pbc_edema), xlab = "Years", levels.only = TRUE),
  pbc_edema, 14, c("rms", "multi_arm", "black", "dashed", "same_colour_arms", "ci_band", "no_risk_table"), width = 600,
    height = 480, res = 80)

figure("p47_veteran_trt_rms_event",
  function() survplot(npsurv(Surv(time, event) ~ arm, veteran_trt), fun = function(x) 1 - x, conf = "bands", lty = 1,
    col = c("black", "grey40"), col.fill = c("#BBBBBB80",
    "#DDDDDD80"), label.curves = list(keys = "lines"), levels.only = TRUE, time.inc = 200, xlab = "Days",
      ylab = "Cumulative mortality"),
  veteran_trt, 1000, c("rms", "cuminc", "greyscale", "ci_band", "no_risk_table"), width = 700, height = 550, res = 90)

data(bmt, package = "KMsurv")
bmt_cause <- with(bmt, data.frame(time = t2 / 30.4375, cause = ifelse(d3 == 0, 0, ifelse(d2 == 1, 1, 2)), group = factor(group,
  labels = c("ALL", "AML low risk", "AML high risk"))))
by_group <- function(cause) do.call(rbind, lapply(levels(bmt_cause$group), function(g) incidence(bmt_cause[bmt_cause$group == g,
  ], cause, g)))

figure("p48_bmt_group_cmprsk_relapse",
  function() {
    fit <- with(bmt_cause, cuminc(time, cause, group))
    plot(fit[1:3], lty = 1, col = c("black", "red", "blue"), lwd = 2, curvlab = levels(bmt_cause$group), xlab = "Months",
      ylab = "Cumulative incidence of relapse", ylim = c(0, 0.6), wh = c(0, 0.58))
  },
  NULL, 90, c("cmprsk", "multi_arm", "cuminc", "competing_risk", "y_truncated", "legend_inside", "no_risk_table"),
    curves = by_group(1), width = 700, height = 550, res = 90)

figure("p49_mgus_sex_cmprsk_default",
  function() {
    fit <- with(mgus_cause, cuminc(time, cause, sex))
    plot(fit, xlab = "Years")
  },
  NULL, 37, c("cmprsk", "multi_arm", "cuminc", "competing_risk", "black", "dashed", "same_colour_arms", "legend_inside",
    "no_risk_table"),
  curves = rbind(by_sex(1, c("Female 1", "Male 1")), by_sex(2, c("Female 2", "Male 2"))), width = 600, height = 600, res = 80)

figure("p50_mgus_cmprsk_stacked_trap",
  function() {
    fit <- survfit(Surv(time, factor(cause, 0:2)) ~ 1, mgus_cause)
    first <- fit$pstate[, 2]
    both <- first + fit$pstate[, 3]
    plot(fit$time, both, type = "n", ylim = c(0, 1), xlab = "Years", ylab = "Stacked cumulative incidence", las = 1)
    area <- function(low, high, shade) polygon(c(fit$time, rev(fit$time)), c(low, rev(high)), col = shade, border = "black")
    area(0 * first, first, "tomato")
    area(first, both, "grey80")
    text(20, c(0.05, 0.4), c("Malignancy", "Death"))
  },
  mgus_sex, 35, c("cmprsk", "trap_not_survival", "stacked"), trap = TRUE, width = 700, height = 550, res = 90)

finish("model_figures")
