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

const [NEAR_PX, ASTRAY_PX, ROUND] = [0.75, 1.5, 0.02];

/** A straight line through places and values: `[slope, intercept]` of px by value. */
function line(ticks) {
  const mean = (list) => list.reduce((sum, one) => sum + one, 0) / list.length;
  const [x, y] = [mean(ticks.map((tick) => tick.value)), mean(ticks.map((tick) => tick.px))];
  const spread = ticks.reduce((sum, tick) => sum + (tick.value - x) ** 2, 0);
  const slope = ticks.reduce((sum, tick) => sum + (tick.value - x) * (tick.px - y), 0) / spread;
  return [slope, y - slope * x];
}

/** Say of each tick how far it lies off (`off`, px). One that alone does not go with the others is held against them: what they would have it be is `expected`. */
export function judgeTicks(axis) {
  const used = axis.ticks.filter((tick) => tick.used !== false);
  for (const tick of axis.ticks) tick.off = tick.residual ?? 0;
  if (used.length < 4 || used.every((tick) => Math.abs(tick.off) <= ASTRAY_PX)) return;
  const ways = used.map((astray) => {
    const others = used.filter((tick) => tick !== astray);
    const [slope, start] = line(others);
    return { astray, slope, start, worst: Math.max(...others.map((tick) => Math.abs(tick.px - start - slope * tick.value))) };
  });
  const found = ways.filter((way) => way.worst <= NEAR_PX);
  if (found.length !== 1) return;
  const [{ astray, slope, start }] = found;
  for (const tick of used) tick.off = tick.px - start - slope * tick.value;
  astray.expected = { px: start + slope * astray.value, value: likely(astray, used, (astray.px - start) / slope) };
}

/** The value that a tick most likely prints: a whole number of steps from its neighbours; null where its place says none. */
function likely(astray, used, value) {
  const values = used.filter((tick) => tick !== astray).map((tick) => tick.value).sort((one, other) => one - other);
  const step = Math.min(...values.slice(1).map((one, k) => one - values[k]));
  const steps = (value - values[0]) / step;
  return Math.abs(steps - Math.round(steps)) < ROUND && !values.includes(values[0] + Math.round(steps) * step) ? Number((values[0] + Math.round(steps) * step).toPrecision(8)) : null;
}
