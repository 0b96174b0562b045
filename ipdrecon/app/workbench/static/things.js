// What can be taken hold of in a figure: ticks, points of curves, censor marks. Where each lies, and the edits that move it or take it away.

import { fixed, short } from "./numbers.js";
import { isCalibrated, printed, toData, toPx } from "./scale.js";

export const KINDS = ["tick", "point", "mark"];
const NAMES = { tick: "Tick", point: "Point", mark: "Censor mark" };

/** All things of one kind, in their order along the figure. */
export function things(panel, arm, kind) {
  if (!panel) return [];
  if (kind === "tick") return ["time", "vertical"].flatMap((axis) => ticks(panel, axis));
  if (!arm) return [];
  if (kind === "point") return arm.px.map(([x, y], index) => ({ kind, arm: arm.name, index, x, y })).filter((thing) => thing.index > 0);
  return arm.marks_px.map(([x, y], index) => ({ kind, arm: arm.name, index, x, y }));
}

function ticks(panel, axis) {
  const box = panel.box ?? [0, 0, 0, 0];
  return panel.axes[axis].ticks.map((tick, index) => ({ kind: "tick", axis, index, x: axis === "time" ? tick.px : box[0], y: axis === "time" ? box[3] : tick.px }));
}

const nearness = (thing, [x, y]) => Math.hypot(thing.x - x, thing.y - y);

/** The nearest of some things within a reach in px; null where none is. */
export function nearest(list, place, reach) {
  let best = null;
  let least = reach;
  for (const thing of list) {
    const off = nearness(thing, place);
    if (off <= least) [best, least] = [thing, off];
  }
  return best;
}

/** Where a thing may go when it is dragged to a place. */
export function allowed(panel, thing, [x, y]) {
  if (thing.kind === "tick") return thing.axis === "time" ? [x, thing.y] : [thing.x, y];
  const arm = panel.arms.find((one) => one.name === thing.arm);
  if (thing.kind === "mark") return onCurve(arm, x);
  const [before, after] = [arm.px[thing.index - 1], arm.px[thing.index + 1]];
  const within = (value, one, other) => Math.min(Math.max(value, Math.min(one, other)), Math.max(one, other));
  const low = isCalibrated(panel) ? toPx(panel, [0, 0])[1] : Infinity;
  return [after ? within(x, before[0] + 0.05, after[0] - 0.05) : Math.max(x, before[0] + 0.05), within(y, before[1], after ? after[1] : low)];
}

/** The place on a curve above or below an x. */
export function onCurve(arm, x) {
  const inside = Math.min(Math.max(x, arm.px[0][0]), arm.px.at(-1)[0]);
  let level = arm.px[0][1];
  for (const [px, py] of arm.px) if (px <= inside + 1e-9) level = py;
  return [inside, level];
}

/** The edits that bring a thing to a place. */
export function moveEdits(panel, thing, place) {
  if (thing.kind === "tick") return [axisEdit(panel, thing.axis, thing.index, { px: thing.axis === "time" ? place[0] : place[1] })];
  const arm = panel.arms.find((one) => one.name === thing.arm);
  const [time, survival] = toData(panel, place);
  if (thing.kind === "mark") return [{ edit: "marks", arm: arm.name, delete: [arm.marks[thing.index]], add: [clean(time)] }];
  return pointEdits(arm, thing.index, clean(time), clean(survival));
}

// The server tells ten digits: the neighbours of a stretch are given a hair's breadth so that rounding leaves no sliver of a step behind.
const HAIR = 1e-9;
const leading = ([time, survival]) => [time, Math.min(1, survival + HAIR)];

/** The edit of a stretch between two neighbours that stay: levels from the first on, with new points between. */
function between(arm, before, points, after) {
  return { edit: "points", arm: arm.name, points: [leading(before), ...points, [after[0], Math.max(0, after[1] - HAIR)]], from: before[0], to: after[0] * (1 + 10 * HAIR) };
}

/** The edits that give a point a time and a survival. */
export function pointEdits(arm, index, time, survival) {
  const [before, after] = [arm.points[index - 1], arm.points[index + 1]];
  if (!after) {
    const end = { edit: "end", arm: arm.name, time };
    return Math.abs(survival - arm.points[index][1]) < 1e-9 ? [end] : [end, { edit: "points", arm: arm.name, points: [leading(before), [time, survival]], from: before[0] }];
  }
  return [between(arm, before, [[time, survival]], after)];
}

/** The edit that changes one tick of an axis; ticks that were left out of the fit stay out, but for this one. */
export function axisEdit(panel, axis, index, changes) {
  const all = panel.axes[axis].ticks.map((tick, k) => (k === index ? { ...tick, ...changes, used: true } : tick));
  return ticksEdit(axis, all.filter((tick) => tick.used !== false));
}

/** An axis by its ticks. */
export const ticksEdit = (axis, list) => ({ edit: "axis", axis, ticks: list.map(({ px, value }) => ({ px: clean(px), value })) });

/** The edits that take a thing away; null where it cannot go. */
export function removeEdits(panel, thing) {
  if (thing.kind === "tick") {
    const left = panel.axes[thing.axis].ticks.filter((tick, k) => k !== thing.index && tick.used !== false);
    return left.length < 2 ? null : [ticksEdit(thing.axis, left)];
  }
  const arm = panel.arms.find((one) => one.name === thing.arm);
  if (thing.kind === "mark") return [{ edit: "marks", arm: arm.name, delete: [arm.marks[thing.index]] }];
  const [before, after] = [arm.points[thing.index - 1], arm.points[thing.index + 1]];
  if (!after) return arm.points.length < 3 ? null : [{ edit: "end", arm: arm.name, time: before[0] }];
  return [between(arm, before, [], after)];
}

/** The edits that add a point to a curve at a place; null where the curve has no room there. */
export function addPointEdits(panel, arm, place) {
  const [time, survival] = toData(panel, place);
  const after = arm.points.findIndex(([t]) => t > time);
  if (time <= 0) return null;
  if (after < 0) {
    const last = arm.points.at(-1);
    return [{ edit: "points", arm: arm.name, points: [leading(last), [clean(time), clean(Math.min(survival, last[1]))]], from: last[0] }];
  }
  const [left, right] = [arm.points[after - 1], arm.points[after]];
  const level = Math.min(Math.max(survival, right[1]), left[1]);
  return [between(arm, left, [[clean(time), clean(level)]], right)];
}

/** A number without more digits than a place can have. */
export const clean = (value) => Number(value.toPrecision(10));

/** A thing in words. */
export function describe(panel, thing) {
  if (thing.kind === "tick") {
    const tick = panel.axes[thing.axis].ticks[thing.index];
    const off = tick.used === false ? "left out of the fit" : `${fixed(Math.abs(tick.off ?? 0), 2)} px off the scale`;
    return `Tick ${thing.index + 1} of ${panel.axes[thing.axis].ticks.length}, ${thing.axis} axis, value ${short(tick.value, 6)}, ${off}`;
  }
  const arm = panel.arms.find((one) => one.name === thing.arm);
  if (thing.kind === "mark") return `${NAMES.mark} ${thing.index + 1} of ${arm.marks.length}, ${arm.name}, time ${short(arm.marks[thing.index], 4)}`;
  const [time, survival] = arm.points[thing.index] ?? [NaN, NaN];
  return `Point ${thing.index} of ${arm.px.length - 1}, ${arm.name}, time ${short(time, 4)}, survival ${fixed(survival, 3)}`;
}

/** What the axes show at a place. */
export function reading(panel, [x, y]) {
  const { time, vertical } = panel?.axes ?? {};
  const parts = [`${fixed(x, 1)}, ${fixed(y, 1)} px`];
  if (time?.slope) parts.push(`time ${short(printed(time, x), 4)}${time.unit ? ` ${time.unit}` : ""}`);
  if (vertical?.slope) parts.push(`vertical ${short(printed(vertical, y), 4)}`);
  return parts.join(" · ");
}
