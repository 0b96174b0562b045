// From px of the sheet to values of the axes, and back.

const SURVIVAL = { survival: (v) => v, percent: (v) => v / 100, incidence: (v) => 1 - v, incidence_percent: (v) => 1 - v / 100 };
const PRINTED = { survival: (p) => p, percent: (p) => 100 * p, incidence: (p) => 1 - p, incidence_percent: (p) => 100 * (1 - p) };

export const SCALES = [["survival", "survival, 0 to 1"], ["percent", "survival, in percent"], ["incidence", "incidence, 0 to 1"], ["incidence_percent", "incidence, in percent"]];

/** Whether both axes of a panel are known. */
export const isCalibrated = (panel) => Boolean(panel?.axes?.time?.slope && panel?.axes?.vertical?.slope);

/** Time and survival at a place. */
export function toData(panel, [x, y]) {
  const { time, vertical } = panel.axes;
  return [time.slope * x + time.intercept, SURVIVAL[vertical.scale ?? "survival"](vertical.slope * y + vertical.intercept)];
}

/** The place of a time and a survival. */
export function toPx(panel, [t, p]) {
  const { time, vertical } = panel.axes;
  return [(t - time.intercept) / time.slope, (PRINTED[vertical.scale ?? "survival"](p) - vertical.intercept) / vertical.slope];
}

/** What an axis shows at a px, as printed. */
export const printed = (axis, px) => axis.slope * px + axis.intercept;
