# Figures by plot.survfit of base R, with the legends, lines and tables people add by hand.

source("truth.R")
palette("R3")

died <- colon[colon$etype == 2, ]
aml_x <- patients(aml$time, aml$status, aml$x)
lung_sex <- patients(lung$time / 30.4375, lung$status == 2, lung$sex, c("Male", "Female"))
colon_rx <- patients(died$time / 365.25, died$status, died$rx)
veteran_cell <- patients(veteran$time, veteran$status, veteran$celltype)
pbc_stage <- patients(pbc$time / 365.25, pbc$status == 2, pbc$stage, paste("Stage", 1:4))
mgus_sex <- patients(mgus2$futime / 12, mgus2$death, mgus2$sex, c("Female", "Male"))
ovarian_all <- patients(ovarian$futime, ovarian$fustat, "arm 1")
data(bmt, package = "KMsurv")
bmt_group <- patients(bmt$t2 / 30.4375, bmt$d3, bmt$group, c("ALL", "AML low risk", "AML high risk"))
kidney_sex <- patients(kidney$time, kidney$status, kidney$sex, c("Male", "Female"))
gbsg_grade <- patients(gbsg$rfstime / 30.4375, gbsg$status, gbsg$grade, c("Grade 1", "Grade 2", "Grade 3"))
gbsg_hormon <- patients(gbsg$rfstime / 365.25, gbsg$status, gbsg$hormon, c("No hormone", "Hormone"))
rats_rx <- with(subset(rats, sex == "f"), patients(time, status, rx, c("Control", "Drug")))
lung_ecog <- with(subset(lung, ph.ecog < 3), patients(time, status == 2, ph.ecog, c("0", "1", "2")))
veteran_trt <- patients(veteran$time / 30.4375, veteran$status, veteran$trt, c("Standard", "Test"))
stanford <- patients(stanford2$time / 365.25, stanford2$status, stanford2$age > 45, c("Age 45 or less", "Age over 45"))

# Names left of the plot, numbers under its ticks, as people write them with mtext.
risk_table <- function(data, times, first_line = 5, col = 1, heading = "No. at risk", cex = 0.8) {
  counts <- at_risk_of(data, times)
  left <- par("usr")[1] - 0.05 * diff(par("usr")[1:2])
  mtext(heading, side = 1, line = first_line - 1, at = par("usr")[1], adj = 1, cex = cex, font = 2)
  arms <- levels(data$arm)
  for (k in seq_along(arms)) {
    shade <- rep(col, length.out = length(arms))[k]
    mtext(arms[k], side = 1, line = first_line + k - 1, at = left, adj = 1, cex = cex, col = shade)
    mtext(counts$n_risk[counts$arm == arms[k]], side = 1, line = first_line + k - 1, at = times, cex = cex, col = shade)
  }
}

figure("p22_aml_base_default",
  function() {
    plot(kaplan_meier(aml_x), lty = 1:2, xlab = "Weeks", ylab = "Survival")
    legend("topright", levels(aml_x$arm), lty = 1:2)
  },
  aml_x, 165, c("base", "black", "dashed", "same_colour_arms", "no_risk_table", "legend_inside"), width = 480, height = 480,
    res = 72)

figure("p23_lung_sex_base_limits",
  function() {
    plot(kaplan_meier(lung_sex), col = c("blue", "red"), conf.int = TRUE, mark.time = TRUE, xlab = "Months",
      ylab = "Overall survival probability")
    legend("topright", levels(lung_sex$arm), col = c("blue", "red"), lty = 1, bty = "n")
  },
  lung_sex, 34, c("base", "ci_lines", "plus_marks", "no_risk_table"), width = 600, height = 500, res = 80, marked = TRUE)

figure("p24_colon_rx_base_percent",
  function() {
    plot(kaplan_meier(colon_rx), yscale = 100, las = 1, col = 1:3, lwd = 2, xlab = "Years from randomisation",
      ylab = "Percent surviving", main = "Colon cancer")
    legend("bottomleft", levels(colon_rx$arm), col = 1:3, lwd = 2)
  },
  colon_rx, 9.5, c("base", "multi_arm", "percent_axis", "legend_inside", "no_risk_table"), width = 700, height = 550, res = 90)

figure("p25_veteran_cell_base_black",
  function() {
    plot(kaplan_meier(veteran_cell), lty = 1:4, xlab = "Days", ylab = "Proportion surviving", las = 1)
    legend("topright", levels(veteran_cell$arm), lty = 1:4, bty = "n", title = "Cell type")
  },
  veteran_cell, 1000, c("base", "multi_arm", "black", "dashed", "same_colour_arms", "no_risk_table"), width = 700, height = 550,
    res = 90)

figure("p26_pbc_stage_base_palette",
  function() {
    plot(kaplan_meier(pbc_stage), col = 1:4, mark.time = TRUE, xlab = "Years", ylab = "Survival probability", bty = "l")
    legend(0.3, 0.35, levels(pbc_stage$arm), col = 1:4, lty = 1, cex = 0.9)
  },
  pbc_stage, 13, c("base", "multi_arm", "plus_marks", "dense_censor", "legend_inside", "no_risk_table"), width = 640,
    height = 480, res = 80, marked = TRUE)

figure("p27_mgus_sex_base_table",
  function() {
    par(mar = c(8, 7, 2, 1))
    plot(kaplan_meier(mgus_sex), col = c("firebrick", "navy"), lwd = 2, xlab = "Years since diagnosis", ylab = "Survival",
      las = 1, xlim = c(0, 30), xaxs = "i", xaxt = "n")
    axis(1, seq(0, 30, 5))
    legend("topright", c("Female", "Male"), col = c("firebrick", "navy"), lwd = 2, bty = "n")
    text(5, 0.1, "Log-rank p < 0.001")
    risk_table(mgus_sex, seq(0, 30, 5), first_line = 5, col = c("firebrick", "navy"))
  },
  mgus_sex, 30, c("base", "coloured_risk_numbers", "p_text"), times = seq(0, 30, 5), width = 900, height = 700, res = 110)

figure("p28_ovarian_single_base_default",
  function() plot(survfit(Surv(time, event) ~ 1, ovarian_all), xlab = "Time", ylab = "S(t)"),
  ovarian_all, 1230, c("base", "single_arm", "black", "ci_lines", "small_arms", "no_risk_table"), width = 480, height = 480,
    res = 72)

figure("p29_bmt_group_base_event",
  function() {
    plot(kaplan_meier(bmt_group), fun = "event", col = c("#1B9E77", "#D95F02", "#7570B3"), lwd = 2, ylim = c(0, 0.8),
      xlab = "Months after transplant", ylab = "Cumulative probability of failure", las = 1, frame.plot = FALSE)
    legend("bottomright", levels(bmt_group$arm), col = c("#1B9E77", "#D95F02", "#7570B3"), lwd = 2, bty = "n")
  },
  bmt_group, 88, c("base", "multi_arm", "cuminc", "y_truncated", "no_risk_table"), width = 800, height = 600, res = 110)

figure("p30_veteran_trt_base_cloglog_trap",
  function() {
    plot(kaplan_meier(veteran_trt), fun = "cloglog", col = 1:2, xlab = "Months (log scale)", ylab = "log(-log(survival))")
    legend("topleft", levels(veteran_trt$arm), col = 1:2, lty = 1)
  },
  veteran_trt, 33, c("base", "trap_not_survival"), trap = TRUE, width = 600, height = 500, res = 80)

figure("p31_kidney_sex_base_jpeg",
  function() {
    plot(kaplan_meier(kidney_sex), col = c("darkgreen", "purple"), lty = 1:2, mark.time = TRUE, xlab = "Days to infection",
      ylab = "Free of infection")
    legend("topright", levels(kidney_sex$arm), col = c("darkgreen", "purple"), lty = 1:2)
  },
  kidney_sex, 565, c("base", "jpeg", "dashed", "plus_marks", "no_risk_table", "legend_inside"), width = 500, height = 420,
    res = 75, jpeg = 55, marked = TRUE)

figure("p32_gbsg_grade_base_names_beside",
  function() {
    plot(kaplan_meier(gbsg_grade), col = c("#009E73", "#E69F00", "#D55E00"), lwd = 2, xlab = "Months",
      ylab = "Recurrence-free survival", xlim = c(0, 96), las = 1)
    abline(h = 0.5, lty = 3, col = "grey40")
    text(84, c(0.77, 0.45, 0.30), levels(gbsg_grade$arm), col = c("#009E73", "#E69F00", "#D55E00"), pos = 4, offset = 0.1)
  },
  gbsg_grade, 96, c("base", "multi_arm", "names_beside_curves", "reference_line", "no_risk_table"), width = 800, height = 600,
    res = 100)

figure("p33_gbsg_hormon_base_polygons",
  function() {
    fit <- kaplan_meier(gbsg_hormon)
    shades <- c("#1F77B4", "#FF7F0E")
    plot(fit, col = NA, xlab = "Time (years)", ylab = "Recurrence-free survival", las = 1)
    grid()
    for (k in 1:2) {
      one <- survfit(Surv(time, event) ~ 1, gbsg_hormon[gbsg_hormon$arm == levels(gbsg_hormon$arm)[k], ])
      seen <- !is.na(one$lower)
      t <- rep(c(0, one$time[seen]), each = 2)[-1]
      low <- rep(c(1, one$lower[seen]), each = 2)
      high <- rep(c(1, one$upper[seen]), each = 2)
      n <- length(t)
      polygon(c(t, rev(t)), c(low[1:n], rev(high[1:n])), border = NA, col = adjustcolor(shades[k], 0.25))
    }
    lines(fit, col = shades, lwd = 2)
    legend("bottomleft", levels(gbsg_hormon$arm), col = shades, lwd = 2, bg = "white")
  },
  gbsg_hormon, 7.5, c("base", "ci_band", "grid", "legend_inside", "no_risk_table"), width = 800, height = 600, res = 100)

figure("p34_rats_rx_base_from_half",
  function() {
    par(mar = c(7.5, 6, 1, 1))
    plot(kaplan_meier(rats_rx), col = c("black", "red"), ylim = c(0.4, 1), xlab = "Weeks", ylab = "Tumour-free", las = 1,
      mark.time = TRUE, pch = 3)
    legend("bottomleft", levels(rats_rx$arm), col = c("black", "red"), lty = 1, bty = "n")
    risk_table(rats_rx, seq(0, 100, 20), first_line = 4.5)
  },
  rats_rx, 108, c("base", "y_truncated", "plus_marks", "crossing"), times = seq(0, 100, 20), width = 700, height = 600, res = 100,
    marked = TRUE)

draw_pair <- function() {
  par(mfrow = c(1, 2), mar = c(4.5, 4.5, 3, 1))
  plot(kaplan_meier(lung_ecog), col = c("black", "royalblue", "red3"), lwd = 1.5, xlab = "Days", ylab = "Overall survival")
  legend("topright", paste("ECOG", levels(lung_ecog$arm)), col = c("black", "royalblue", "red3"), lwd = 1.5, bty = "n")
  title("A", adj = 0)
  plot(kaplan_meier(veteran_trt), col = c("black", "royalblue"), lwd = 1.5, xlab = "Months", ylab = "Overall survival")
  legend("topright", levels(veteran_trt$arm), col = c("black", "royalblue"), lwd = 1.5, bty = "n")
  title("B", adj = 0)
}
ecog_named <- within(lung_ecog, levels(arm) <- paste("ECOG", levels(arm)))
figure("p35_two_base_panels", draw_pair, ecog_named, 1022, c("base", "multi_panel", "multi_arm", "no_risk_table"), panel = "A",
  width = 1100, height = 520, res = 100)
if (length(entries) && entries[[length(entries)]]$name == "p35_two_base_panels") {
  entry("p35_two_base_panels__B", same_file(), veteran_trt, 33, c("base", "multi_panel", "no_risk_table"),
    panel = "B")
}

figure("p36_mgus_states_base_trap",
  function() {
    months <- with(mgus2, ifelse(pstat == 0, futime, ptime))
    state <- with(mgus2, factor(ifelse(pstat == 1, 1, 2 * death), 0:2, c("censored", "progression", "death")))
    plot(survfit(Surv(months, state) ~ 1), col = 1:3, noplot = NULL, lwd = 2, xlab = "Months", ylab = "Probability in state")
    legend(200, 0.95, c("MGUS", "Progression", "Death"), col = 1:3, lwd = 2, bty = "n")
  },
  mgus_sex, 424, c("base", "trap_not_survival", "states"), trap = TRUE, width = 700, height = 550, res = 90)

figure("p37_stanford_base_greys",
  function() {
    par(mar = c(7, 8, 1, 2), mgp = c(2.2, 0.7, 0), tcl = 0.3)
    plot(kaplan_meier(stanford), col = c("black", "grey60"), lwd = 3, xlab = "Years after transplantation", ylab = "Survival",
      las = 1, xlim = c(0, 10), mark.time = FALSE)
    legend("topright", levels(stanford$arm), col = c("black", "grey60"), lwd = 3, bty = "n")
    risk_table(stanford, seq(0, 10, 2), first_line = 4.5, heading = "Number at risk")
  },
  stanford, 10, c("base", "greyscale", "inward_ticks"), times = seq(0, 10, 2), width = 1000, height = 750, res = 130)

figure("p77_gbsg_grade_base_stepfun_fill",
  function() {
    shades <- c("black", "red3", "royalblue")
    for (k in 1:3) {
      fit <- survfit(Surv(time, event) ~ 1, gbsg_grade[gbsg_grade$arm == levels(gbsg_grade$arm)[k], ])
      plot(stepfun(fit$time, c(1, fit$surv)), do.points = FALSE, add = k > 1, col = shades[k], lwd = 2, main = "", xlim = c(0, 84),
        ylim = c(0, 1), xlab = "Months", ylab = "Recurrence-free survival")
    }
    legend("bottomleft", levels(gbsg_grade$arm), fill = shades, bty = "n")
  },
  gbsg_grade, 87, c("base", "multi_arm", "swatch_keys", "no_risk_table"), width = 600, height = 500, res = 100)

finish("base_figures")
