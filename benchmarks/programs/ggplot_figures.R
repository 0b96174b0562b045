# Figures put together with ggplot2 by hand or by its younger helpers' rules: visR, tern, KMunicate, jskm, finalfit, ggsurvfit.

source("truth.R")
suppressPackageStartupMessages({
  library(ggplot2)
  library(patchwork)
})

died <- colon[colon$etype == 2, ]
colon_rx <- patients(died$time / 365.25, died$status, died$rx)
lung_sex <- patients(lung$time / 30.4375, lung$status == 2, lung$sex, c("Male", "Female"))
lung_ecog <- with(subset(lung, ph.ecog < 3), patients(time, status == 2, ph.ecog, c("Asymptomatic", "Symptomatic but ambulatory",
  "In bed <50% of the day")))
veteran_cell <- patients(veteran$time, veteran$status, veteran$celltype,
  c("Squamous", "Small cell", "Adenocarcinoma", "Large cell"))
gbsg_hormon <- patients(gbsg$rfstime / 365.25, gbsg$status, gbsg$hormon, c("No hormonal therapy", "Hormonal therapy"))
gbsg_nodes <- patients(gbsg$rfstime / 30.4375, gbsg$status, cut(gbsg$nodes, c(0, 1, 3, 9, 100)),
  c("1", "2-3", "4-9", "10 or more"))
rotterdam_size <- patients(rotterdam$dtime / 365.25, rotterdam$death, rotterdam$size, c("<=20 mm", "20-50 mm", ">50 mm"))
mgus_sex <- patients(mgus2$futime / 12, mgus2$death, mgus2$sex, c("Women", "Men"))
pbc_trt <- with(subset(pbc, !is.na(trt)), patients(time / 365.25, status == 2, trt, c("D-penicillamine", "Placebo")))
myeloid_arm <- patients(myeloid$futime / 30.4375, myeloid$death, paste(myeloid$trt, myeloid$sex),
  c("A, female", "A, male", "B, female", "B, male"))
retinopathy_trt <- patients(retinopathy$futime, retinopathy$status, retinopathy$trt, c("Control", "Laser"))

# Estimates as rows from time 0, with pointwise limits.
tidy <- function(data) {
  of_arm <- function(name) {
    fit <- survfit0(survfit(Surv(time, event) ~ 1, data[data$arm == name, ]))
    data.frame(arm = name, time = fit$time, surv = fit$surv, lower = fit$lower, upper = fit$upper, censored = fit$n.censor > 0)
  }
  rows <- do.call(rbind, lapply(levels(data$arm), of_arm))
  rows$arm <- factor(rows$arm, levels(data$arm))
  rows
}

# A band that follows the steps.
stepped <- function(rows) {
  of_arm <- function(one) {
    n <- nrow(one)
    data.frame(arm = one$arm[1], time = rep(one$time, each = 2)[-1], lower = rep(one$lower, each = 2)[-2 * n],
      upper = rep(one$upper, each = 2)[-2 * n])
  }
  do.call(rbind, lapply(split(rows, rows$arm), of_arm))
}

band <- function(rows, alpha = 0.2) {
  geom_ribbon(aes(time, ymin = lower, ymax = upper, fill = arm), stepped(rows), inherit.aes = FALSE, alpha = alpha)
}

curves_plot <- function(data, ..., size = 0.7) {
  ggplot(tidy(data), aes(time, surv, colour = arm)) + geom_step(size = size, ...)
}

marks <- function(data, shape = 3, size = 2) geom_point(data = subset(tidy(data), censored), shape = shape, size = size,
  show.legend = FALSE)

# Rows of numbers as a second panel.
table_plot <- function(data, times, limits, title = "Number at risk", colour = FALSE, size = 3.5, theme = theme_minimal()) {
  counts <- at_risk_of(data, times)
  counts$arm <- factor(counts$arm, rev(levels(data$arm)))
  made <- ggplot(counts, aes(time, arm, label = n_risk)) + scale_x_continuous(breaks = times) + coord_cartesian(xlim = limits,
    clip = "off") + theme +
    theme(panel.grid = element_blank(), axis.text.x = element_blank(), axis.ticks = element_blank(), axis.line = element_blank(),
      plot.title = element_text(size = 10), legend.position = "none") +
    labs(x = NULL, y = NULL, title = title)
  if (colour) made + geom_text(aes(colour = factor(arm, levels(data$arm))), size = size) else made + geom_text(size = size)
}

figure("p51_lung_sex_visr",
  function() {
    rows <- tidy(lung_sex)
    print(curves_plot(lung_sex) + band(rows) + marks(lung_sex, "|", 3) + scale_x_continuous(breaks = seq(0, 36, 6)) +
      scale_y_continuous(limits = c(0, 1), labels = scales::percent) + labs(x = "Time (months)", y = "Survival probability",
      colour = "", fill = "") + theme_bw() + theme(legend.position = "right", panel.grid.minor = element_blank()))
  },
  lung_sex, 35, c("ggplot", "visr", "ci_band", "percent_axis", "grid", "no_risk_table"), width = 800, height = 480, res = 110,
    marked = TRUE)

figure("p52_colon_rx_tern_annotated",
  function() {
    box <- data.frame(x = 0.2, y = 0.03,
      label = "Cox          HR   95% CI\nLev          0.97 (0.78, 1.21)  p 0.812\nLev+5FU  0.69 (0.55, 0.87)  p 0.0018")
    medians <- data.frame(x = 9, y = 0.98,
      label = "            N     Median\nObs        315  5.7\nLev         310  5.9\nLev+5FU 304  NE")
    top <- curves_plot(colon_rx) + marks(colon_rx, 3, 2) + scale_x_continuous(breaks = 0:9,
      limits = c(0, 9.2)) + scale_y_continuous(limits = c(0, 1)) + labs(x = "Years", y = "Survival Probability", colour = NULL) +
      geom_label(aes(x, y, label = label), box, inherit.aes = FALSE, hjust = 0, vjust = 0,
        size = 2.8) + geom_label(aes(x, y, label = label), medians, inherit.aes = FALSE, hjust = 1, vjust = 1, size = 2.8) +
      theme_classic() + theme(legend.position = "bottom", panel.border = element_rect(fill = NA))
    print(top / table_plot(colon_rx, 0:9, c(0, 9.2), "Patients at risk") + plot_layout(heights = c(4, 1)))
  },
  colon_rx, 9.2, c("ggplot", "tern", "multi_arm", "table_over_curves", "hr_text"), times = 0:9, width = 1000, height = 800,
    res = 120, marked = TRUE)

figure("p53_gbsg_hormon_kmunicate",
  function() {
    times <- 0:7
    rows <- tidy(gbsg_hormon)
    top <- curves_plot(gbsg_hormon, aes(linetype = arm), size = 0.5) + band(rows,
      0.3) + scale_x_continuous(breaks = times) + scale_y_continuous(limits = c(0, 1)) + coord_cartesian(xlim = c(0, 7)) +
      labs(x = "Time (years)", y = "Estimated survival", colour = "", fill = "",
        linetype = "") + theme(legend.position = c(0.99, 0.99), legend.justification = c(1, 1))
    block <- function(name) {
      one <- gbsg_hormon[gbsg_hormon$arm == name, ]
      sums <- function(test) vapply(times, test, 0)
      shown <- data.frame(time = rep(times, 3), kind = factor(rep(c("At risk", "Censored", "Events"), each = length(times)),
        c("Events", "Censored", "At risk")), n = c(sums(function(t) sum(one$time >= t)),
        sums(function(t) sum(one$time < t & one$event == 0)), sums(function(t) sum(one$time < t & one$event == 1))))
      ggplot(shown, aes(time, kind, label = n)) + geom_text(size = 3) + coord_cartesian(xlim = c(0, 7)) + labs(title = name,
        x = NULL, y = NULL) + theme_void() +
        theme(axis.text.y = element_text(size = 8, hjust = 1), plot.title = element_text(size = 9))
    }
    print(top / block(levels(gbsg_hormon$arm)[1]) / block(levels(gbsg_hormon$arm)[2]) + plot_layout(heights = c(5, 1, 1)))
  },
  gbsg_hormon, 7.3, c("ggplot", "kmunicate", "ci_band", "dashed", "grey_background", "three_row_risk_blocks"), times = 0:7,
    width = 800, height = 900, res = 110)

figure("p54_rotterdam_size_jskm",
  function() {
    times <- seq(0, 18, 3)
    top <- curves_plot(rotterdam_size, size = 0.6) + scale_x_continuous(breaks = times,
      limits = c(0, 19.5)) + scale_y_continuous(limits = c(0, 1),
      breaks = seq(0, 1, 0.2)) + scale_colour_brewer(palette = "Set1") +
      labs(x = "Times", y = "Survival probability", colour = "Tumour size") + annotate("text", x = 4, y = 0.1,
        label = "p < 0.001", size = 4) + theme_bw() +
      theme(panel.grid = element_blank(), panel.border = element_blank(), axis.line = element_line(),
        legend.position = c(0.82, 0.8), legend.key = element_rect(colour = NA))
    print(top / table_plot(rotterdam_size, times, c(0, 19.5), "Numbers at risk") + plot_layout(heights = c(4, 1)))
  },
  rotterdam_size, 19.5, c("ggplot", "jskm", "multi_arm", "legend_inside", "p_text"), times = seq(0, 18, 3), width = 900,
    height = 700, res = 110)

figure("p55_veteran_cell_ggsurvfit_events",
  function() {
    times <- seq(0, 800, 200)
    rows <- tidy(veteran_cell)
    top <- curves_plot(veteran_cell, size = 0.8) + band(rows,
      0.15) + scale_x_continuous(breaks = times) + scale_y_continuous(limits = c(0, 1),
      labels = scales::percent) + coord_cartesian(xlim = c(0, 1000)) +
      labs(x = "Days", y = "Survival Probability", colour = NULL, fill = NULL) + theme_bw() + theme(legend.position = "bottom")
    total <- function(kind, count) {
      ggplot(data.frame(time = times, kind = kind, n = vapply(times, count, 0)),
        aes(time, kind, label = n)) + geom_text(size = 3.2) + coord_cartesian(xlim = c(0, 1000)) + labs(x = NULL,
        y = NULL) + theme_void() + theme(axis.text.y = element_text(size = 9, hjust = 1))
    }
    risk <- table_plot(veteran_cell, times, c(0, 1000), "At Risk", size = 3.2)
    events <- table_plot(transform(veteran_cell, time = ifelse(event == 1, -time, Inf)), times, c(0, 1000), "Events", size = 3.2)
    events$data$n_risk <- vapply(seq_len(nrow(events$data)),
      function(k) with(veteran_cell, sum(event == 1 & time < events$data$time[k] + 1e-9 & arm == events$data$arm[k])), 0)
    print(top / risk / events + plot_layout(heights = c(4, 1, 1)))
  },
  veteran_cell, 1000, c("ggplot", "ggsurvfit", "multi_arm", "ci_band", "ci_overlap", "percent_axis", "several_tables"),
    times = seq(0, 800, 200), width = 1000, height = 1000, res = 120)

figure("p56_mgus_sex_finalfit",
  function() {
    times <- seq(0, 30, 10)
    top <- curves_plot(mgus_sex, aes(linetype = arm), size = 1) + marks(mgus_sex, 3, 1.5) + scale_x_continuous(breaks = times,
      limits = c(0, 35.5)) + scale_y_continuous(limits = c(0, 1)) + labs(x = "Time", y = "Survival", colour = NULL,
      linetype = NULL) + theme_classic() + theme(legend.position = "top")
    print(top / table_plot(mgus_sex, times, c(0, 35.5), "Number at risk", colour = TRUE, theme = theme_classic()) +
      plot_layout(heights = c(4, 1)))
  },
  mgus_sex, 35.5, c("ggplot", "finalfit", "dashed", "coloured_risk_numbers", "default_colours"), times = seq(0, 30, 10),
    width = 800, height = 650, res = 110, marked = TRUE)

figure("p57_gbsg_nodes_direct_labels",
  function() {
    ends <- do.call(rbind, lapply(split(tidy(gbsg_nodes), tidy(gbsg_nodes)$arm), function(one) one[which.max(one$time), ]))
    print(curves_plot(gbsg_nodes, size = 0.9) + geom_text(aes(x = time + 1, label = arm), ends, hjust = 0, size = 3.5) +
      scale_x_continuous(breaks = seq(0, 84, 12), limits = c(0, 105)) + scale_y_continuous(limits = c(0, 1),
      labels = scales::percent, expand = c(0, 0)) + scale_colour_viridis_d(end = 0.85) + labs(x = "Months", y = NULL,
      title = "Recurrence-free survival by positive nodes") + theme_minimal() + theme(legend.position = "none",
      panel.grid.minor = element_blank()))
  },
  gbsg_nodes, 105, c("ggplot", "multi_arm", "names_beside_curves", "grid", "no_axes", "no_risk_table"), width = 900, height = 560,
    res = 120)

figure("p58_pbc_trt_jpeg_small",
  function() print(curves_plot(pbc_trt, size = 0.6) + marks(pbc_trt, "+", 3) + scale_y_continuous(limits = c(0, 1)) +
    scale_colour_manual(values = c("#00468B", "#ED0000")) + labs(x = "Years", y = "Overall survival",
    colour = NULL) + theme_classic(base_size = 9) + theme(legend.position = c(0.25, 0.2))),
  pbc_trt, 13, c("ggplot", "jpeg", "low_res", "overlap", "legend_inside", "no_risk_table"), width = 380, height = 300, res = 80,
    jpeg = 70, marked = TRUE)

figure("p59_lung_ecog_cowplot_shadows",
  function() print(curves_plot(lung_ecog, size = 1.1) + band(tidy(lung_ecog), 0.35) +
    scale_colour_manual(values = c("#4DAF4A", "#377EB8", "#E41A1C")) + scale_fill_manual(values = c("#4DAF4A", "#377EB8",
    "#E41A1C")) + scale_y_continuous(limits = c(0, 1), expand = expansion(c(0,
    0.02))) + scale_x_continuous(expand = c(0, 0), limits = c(0, 1050),
      breaks = seq(0, 1000, 200)) + labs(x = "Days since enrolment", y = "Survival", colour = "ECOG",
      fill = "ECOG") + theme_linedraw() + theme(legend.position = c(0.75, 0.8))),
  lung_ecog, 1050, c("ggplot", "multi_arm", "ci_band", "ci_overlap", "black_grid", "legend_inside", "no_risk_table"), width = 900,
    height = 640, res = 120)

figure("p60_myeloid_arms_economist",
  function() print(curves_plot(myeloid_arm, size = 1) + scale_colour_manual(values = c("#01A2D9", "#014D64", "#7AD2F6",
    "#00887D")) + scale_y_continuous(limits = c(0.2, 1), position = "left") + labs(x = "Months", y = "Overall survival",
      colour = NULL, title = "Acute myeloid leukaemia") + theme_gray() +
    theme(plot.background = element_rect(fill = "#D5E4EB"), panel.background = element_rect(fill = "#D5E4EB"),
      panel.grid.major.x = element_blank(), panel.grid.minor = element_blank(), legend.position = "top",
        legend.background = element_rect(fill = "#D5E4EB"), legend.key = element_rect(fill = "#D5E4EB"),
        axis.line.x = element_line())),
  myeloid_arm, 85, c("ggplot", "multi_arm", "coloured_background", "similar_colours", "y_truncated", "no_risk_table"),
    width = 800, height = 560, res = 110)

figure("p61_retinopathy_fraction_dark",
  function() print(curves_plot(retinopathy_trt, size = 0.8) + scale_y_continuous(limits = c(0, 1), breaks = seq(0, 1, 0.25)) +
    labs(x = "Months", y = "Without visual loss", colour = "") + scale_colour_manual(values = c("#FDE725",
    "#35B779")) + theme_dark()),
  retinopathy_trt, 78, c("ggplot", "dark_background", "no_risk_table"), width = 700, height = 450, res = 100)

facet_of <- function(stage) {
  rows <- subset(gbsg, grade == stage)
  patients(rows$rfstime / 365.25, rows$status, rows$hormon, c("No", "Yes"))
}
figure("p62_gbsg_grades_facets",
  function() {
    rows <- do.call(rbind, lapply(1:3, function(g) cbind(tidy(facet_of(g)), grade = paste("Grade", g))))
    print(ggplot(rows, aes(time, surv, colour = arm)) + geom_step() + facet_wrap(~grade) + scale_y_continuous(limits = c(0, 1)) +
      labs(x = "Years", y = "Recurrence-free survival", colour = "Hormonal therapy") + theme(legend.position = "bottom"))
  },
  facet_of(1), 7.6, c("ggplot", "multi_panel", "facets", "grey_background", "no_risk_table"), panel = "Grade 1", width = 1100,
    height = 480, res = 110)
if (length(entries) && entries[[length(entries)]]$name == "p62_gbsg_grades_facets") {
  for (g in 2:3) {
    entry(paste0("p62_gbsg_grades_facets__", g), same_file(), facet_of(g), 7.6,
      c("ggplot", "multi_panel", "facets", "grey_background", "no_risk_table"), panel = paste("Grade", g))
  }
}

finish("ggplot_figures")
