# Figures by survminer's ggsurvplot, as its help pages, its gallery and those who follow them draw them.

source("truth.R")
suppressPackageStartupMessages({
  library(survminer)
  library(ggplot2)
})

draw <- function(data, ...) {
  fit <- surv_fit(Surv(time, event) ~ arm, data = data)
  function() print(ggsurvplot(fit, data = data, ...), newpage = FALSE)
}
plain_names <- function(data) levels(data$arm)

# Where ggsurvplot cuts a plot: a twentieth beyond the last tick of its own choice, or beyond the limit asked for.
right_end <- function(data, limit = max(scales::extended_breaks()(data$time))) 1.05 * limit

lung_sex <- patients(lung$time, lung$status == 2, lung$sex, c("Male", "Female"))
died <- colon[colon$etype == 2, ]
colon_rx <- patients(died$time, died$status, died$rx)
veteran_cell <- patients(veteran$time, veteran$status, veteran$celltype)
ovarian_rx <- patients(ovarian$futime / 30.4375, ovarian$fustat, ovarian$rx, c("Cyclophosphamide", "Cyclo + Adriamycin"))
mgus_sex <- patients(mgus2$futime, mgus2$death, mgus2$sex, c("Women", "Men"))
gbsg_hormon <- patients(gbsg$rfstime / 365.25, gbsg$status, gbsg$hormon, c("No tamoxifen", "Tamoxifen"))
lung_ecog <- with(subset(lung, ph.ecog < 3), patients(time / 30.4375, status == 2, ph.ecog, c("ECOG 0", "ECOG 1", "ECOG 2")))
pbc_stage <- patients(pbc$time / 365.25, pbc$status == 2, pbc$stage, c("Stage I", "Stage II", "Stage III", "Stage IV"))
kidney_disease <- patients(kidney$time, kidney$status, kidney$disease)
lung_all <- patients(lung$time / 30.4375, lung$status == 2)
diabetic_trt <- patients(diabetic$time, diabetic$status, diabetic$trt, c("Untreated eye", "Laser"))
mgus_age <- patients(mgus2$futime / 12, mgus2$death, cut(mgus2$age, c(0, 55, 65, 75, 85, 100), right = FALSE),
                     c("<55", "55-64", "65-74", "75-84", "85+"))
rotterdam_hormon <- patients(rotterdam$dtime / 365.25, rotterdam$death, rotterdam$hormon,
  c("No hormonal therapy", "Hormonal therapy"))
data(bmt, package = "KMsurv")
bmt_group <- patients(bmt$t2, bmt$d3, bmt$group, c("ALL", "AML low risk", "AML high risk"))
data(larynx, package = "KMsurv")
larynx_stage <- patients(larynx$time, larynx$delta, larynx$stage, c("Stage 1", "Stage 2", "Stage 3", "Stage 4"))
gbsg_nodes <- patients(gbsg$rfstime / 30.4375, gbsg$status, cut(gbsg$nodes, c(0, 3, 9, 100)),
  c("1-3 nodes", "4-9 nodes", "10+ nodes"))
myeloid_trt <- patients(myeloid$futime / 30.4375, myeloid$death, myeloid$trt, c("A", "B"))

figure("p01_lung_sex_survminer_jco",
  draw(lung_sex, pval = TRUE, conf.int = TRUE, risk.table = TRUE, risk.table.col = "strata", linetype = "strata",
    surv.median.line = "hv", ggtheme = theme_bw(), palette = c("#E7B800", "#2E9FDF"), legend.labs = plain_names(lung_sex)),
  lung_sex, right_end(lung_sex), c("survminer", "ci_band", "dashed", "median_lines", "p_text", "grid"), times = seq(0, 1000, 250),
    width = 700, height = 600, res = 100, marked = TRUE)

figure("p02_colon_rx_survminer_percentage",
  draw(colon_rx, palette = "lancet", risk.table = "percentage", tables.y.text = FALSE, break.time.by = 500, legend = "right",
    legend.title = "Treatment", legend.labs = plain_names(colon_rx), ggtheme = theme_bw()),
  colon_rx, right_end(colon_rx), c("survminer", "multi_arm", "grid", "table_of_percentages", "legend_right"), width = 1000,
    height = 750, res = 120, marked = TRUE)

figure("p03_veteran_cell_survminer_abs_pct",
  draw(veteran_cell, palette = "jco", risk.table = "abs_pct", break.time.by = 200, legend.labs = plain_names(veteran_cell),
    fontsize = 3, legend.title = "Histology", size = 0.6, xlab = "Time (days)"),
  veteran_cell, right_end(veteran_cell), c("survminer", "multi_arm", "table_with_percentages"), times = seq(0, 1000, 200),
    width = 1200, height = 1000, res = 150, marked = TRUE)

figure("p04_ovarian_rx_survminer_cumevents",
  draw(ovarian_rx, conf.int = TRUE, conf.int.style = "step", risk.table = "nrisk_cumevents", palette = "npg", break.time.by = 6,
    pval = TRUE, legend.title = "", legend.labs = plain_names(ovarian_rx), xlab = "Months", ylab = "Overall survival"),
  ovarian_rx, right_end(ovarian_rx), c("survminer", "ci_lines", "small_arms", "risk_paren", "p_text"), times = seq(0, 36, 6),
    width = 900, height = 700, res = 120, marked = TRUE)

figure("p05_mgus_sex_survminer_cumcensor_grey",
  draw(mgus_sex, risk.table = "nrisk_cumcensor", palette = "grey", break.time.by = 60, censor = FALSE,
    legend.labs = plain_names(mgus_sex), xlab = "Follow-up, months", legend = c(0.85, 0.85), legend.title = "Sex"),
  mgus_sex, right_end(mgus_sex), c("survminer", "greyscale", "risk_paren"), times = seq(0, 360, 60), width = 1000, height = 700,
    res = 110)

figure("p06_gbsg_hormon_survminer_ncensor",
  draw(gbsg_hormon, palette = "npg", risk.table = TRUE, risk.table.col = "strata", tables.y.text = FALSE, ncensor.plot = TRUE,
    conf.int = TRUE, break.time.by = 1, legend.labs = plain_names(gbsg_hormon), xlab = "Time in years", ggtheme = theme_light(),
    pval = TRUE),
  gbsg_hormon, right_end(gbsg_hormon), c("survminer", "extra_panel", "risk_rows_keyed_by_colour_bar", "ci_band", "grid"),
    times = 0:7, width = 900, height = 900, res = 110, marked = TRUE)

colon_days <- colon_rx
figure("p07_colon_rx_survminer_percent_years",
  draw(colon_days, surv.scale = "percent", xscale = "d_y", break.time.by = 365.25, risk.table = TRUE, palette = "aaas",
    xlab = "Years", legend.labs = plain_names(colon_rx), risk.table.y.text.col = TRUE, censor.size = 2.5, size = 0.5,
    legend.title = "Arm"),
  transform(colon_rx, time = time / 365.25), right_end(colon_days) / 365.25,
    c("survminer", "multi_arm", "percent_axis", "coloured_risk_labels"), times = 0:9, width = 1100, height = 800, res = 130,
    marked = TRUE)

figure("p08_lung_ecog_survminer_event",
  draw(lung_ecog, fun = "event", risk.table = TRUE, palette = "jama", break.time.by = 6, legend = c(0.2, 0.85),
    legend.labs = plain_names(lung_ecog), censor = FALSE, legend.title = "", xlab = "Months",
    ylab = "Cumulative incidence of death"),
  lung_ecog, right_end(lung_ecog), c("survminer", "multi_arm", "cuminc", "legend_inside"), times = seq(0, 30, 6), width = 800,
    height = 700, res = 110)

figure("p09_lung_sex_survminer_cumhaz_trap",
  draw(lung_sex, fun = "cumhaz", conf.int = TRUE, palette = c("#E7B800", "#2E9FDF"), legend.labs = plain_names(lung_sex)),
  lung_sex, right_end(lung_sex), c("survminer", "trap_not_survival"), trap = TRUE, width = 700, height = 550, res = 100)

figure("p10_pbc_stage_survminer_theme_grey",
  draw(pbc_stage, palette = "Set1", legend = c(0.15, 0.25), legend.labs = plain_names(pbc_stage), ggtheme = theme_grey(),
    legend.title = "Stage", xlab = "Years", break.time.by = 2, pval = TRUE, pval.coord = c(8, 0.9)),
  pbc_stage, right_end(pbc_stage), c("survminer", "multi_arm", "grey_background", "legend_inside", "no_risk_table", "p_text"),
    width = 700, height = 500, res = 100, marked = TRUE)

figure("p11_colon_rx_survminer_facets",
  function() {
    shown <- transform(colon_rx, adhere = factor(died$adhere, labels = c("No adherence", "Adherence")))
    fit <- surv_fit(Surv(time, event) ~ arm, data = shown)
    print(ggsurvplot_facet(fit, shown, facet.by = "adhere", palette = "jco", pval = TRUE, legend.labs = levels(shown$arm),
      legend.title = "Treatment"))
  },
  colon_rx[died$adhere == 0, ], right_end(colon_rx), c("survminer", "multi_arm", "multi_panel", "facets", "no_risk_table"),
    panel = "No adherence", width = 1200, height = 600, res = 120, marked = TRUE)
if (length(entries) && grepl("facets", entries[[length(entries)]]$name)) {
  entries[[length(entries)]]$name <- "p11_colon_rx_survminer_facets"
  entry("p11_colon_rx_survminer_facets__2", same_file(), colon_rx[died$adhere == 1, ],
    right_end(colon_rx), c("survminer", "multi_arm", "multi_panel", "facets", "no_risk_table"), panel = "Adherence",
    marked = TRUE)
}

figure("p12_kidney_disease_survminer_small",
  draw(kidney_disease, ggtheme = theme_minimal(), palette = "Dark2", censor.shape = "|", censor.size = 4, legend = "right",
    break.time.by = 100, legend.labs = plain_names(kidney_disease), legend.title = "Disease"),
  kidney_disease, right_end(kidney_disease), c("survminer", "multi_arm", "low_res", "no_axes", "no_risk_table"), width = 420,
    height = 320, res = 72, marked = TRUE)

figure("p13_lung_single_survminer",
  draw(lung_all, conf.int = TRUE, palette = "black", legend = "none", risk.table = TRUE, break.time.by = 6,
    xlab = "Months since enrolment", surv.median.line = "hv", legend.labs = "All"),
  lung_all, right_end(lung_all), c("survminer", "single_arm", "black", "ci_band", "median_lines"), times = seq(0, 30, 6),
    width = 800, height = 650, res = 110, marked = TRUE)

figure("p14_diabetic_laser_survminer_jpeg",
  draw(diabetic_trt, pval = TRUE, pval.method = TRUE, conf.int = TRUE, risk.table = TRUE, break.time.by = 12,
    ggtheme = theme_classic2(), legend.labs = plain_names(diabetic_trt), legend.title = "", xlab = "Months",
    ylab = "Proportion without visual loss", tables.theme = theme_cleantable()),
  diabetic_trt, right_end(diabetic_trt), c("survminer", "jpeg", "ci_band", "p_text", "clean_table"), times = seq(0, 72, 12),
    width = 800, height = 640, res = 110, jpeg = 60, marked = TRUE)

figure("p15_mgus_age_survminer_cropped",
  draw(mgus_age, xlim = c(0, 20), break.time.by = 5, palette = "Set2", legend = "right", risk.table = TRUE, tables.height = 0.3,
    legend.labs = plain_names(mgus_age), legend.title = "Age", xlab = "Years since diagnosis", censor = FALSE),
  mgus_age, right_end(limit = 20), c("survminer", "multi_arm", "x_cropped", "pale_colours"), times = seq(0, 20, 5), width = 1000,
    height = 800, res = 120)

figure("p16_rotterdam_hormon_survminer_pct",
  draw(rotterdam_hormon, fun = "pct", xlim = c(0, 15), break.time.by = 3, palette = c("#0073C2", "#CD534C"),
    risk.table = "absolute", risk.table.title = "No. at risk", legend.labs = plain_names(rotterdam_hormon), legend = "bottom",
      legend.title = "", xlab = "Years", conf.int = TRUE, conf.int.alpha = 0.15, censor = FALSE, ylab = "Overall survival (%)"),
  rotterdam_hormon, right_end(limit = 15), c("survminer", "percent_axis", "ci_band", "x_cropped", "legend_below"),
    times = seq(0, 15, 3), width = 900, height = 800, res = 120)

figure("p17_bmt_group_survminer_table_inside",
  draw(bmt_group, risk.table = TRUE, risk.table.pos = "in", risk.table.col = "strata", palette = "uchicago", break.time.by = 500,
    legend.labs = plain_names(bmt_group), legend.title = "", xlab = "Days", tables.y.text = FALSE, fontsize = 3.5),
  bmt_group, right_end(bmt_group), c("survminer", "multi_arm", "risk_table_inside_axes"), times = seq(0, 2500, 500), width = 900,
    height = 650, res = 110, marked = TRUE)

figure("p18_larynx_stage_survminer_black_dashes",
  draw(larynx_stage, palette = rep("black", 4), linetype = "strata", risk.table = TRUE, break.time.by = 2,
    legend.labs = plain_names(larynx_stage), legend.title = "", xlab = "Years"),
  larynx_stage, right_end(larynx_stage), c("survminer", "multi_arm", "black", "dashed", "same_colour_arms"),
    times = seq(0, 10, 2), width = 900, height = 750, res = 120, marked = TRUE)

figure("p19_gbsg_nodes_survminer_large",
  draw(gbsg_nodes, palette = "nejm", size = 1.2, risk.table = TRUE, break.time.by = 12, font.x = 16, font.y = 16,
    font.tickslab = 14, legend.labs = plain_names(gbsg_nodes), legend.title = "Nodes", fontsize = 5, xlab = "Months",
    ylab = "Recurrence-free survival", pval = "HR 2.02 (1.75-2.34)\nP<0.001", pval.coord = c(2, 0.15)),
  gbsg_nodes, right_end(gbsg_nodes), c("survminer", "multi_arm", "high_res", "p_text"), times = seq(0, 72, 12), width = 2000,
    height = 1700, res = 220, marked = TRUE)

figure("p20_myeloid_trt_survminer_tables",
  draw(myeloid_trt, risk.table = TRUE, cumevents = TRUE, cumcensor = TRUE, tables.height = 0.15,
    tables.theme = theme_cleantable(), break.time.by = 12, conf.int = TRUE, legend.labs = plain_names(myeloid_trt),
    legend.title = "Arm", xlab = "Months", palette = "hue"),
  myeloid_trt, right_end(myeloid_trt), c("survminer", "ci_band", "several_tables", "default_colours"), times = seq(0, 72, 12),
    width = 1000, height = 1100, res = 120, marked = TRUE)

figure("p21_lung_sex_survminer_default",
  draw(lung_sex),
  within(lung_sex, levels(arm) <- c("arm=Male", "arm=Female")), right_end(lung_sex),
    c("survminer", "default_colours", "no_risk_table", "low_res"), width = 480, height = 480, res = 72, marked = TRUE)

finish("survminer_figures")
