// The tools that put something down by a click: a point, a censor mark, a tick.

import { tell } from "../announce.js";
import { h } from "../dom.js";
import { fixed, short } from "../numbers.js";
import { toData } from "../scale.js";
import { addPointEdits, clean, onCurve, ticksEdit } from "../things.js";
import { printed } from "../scale.js";

const clickTool = (tool) => ({
  ...tool,
  isPlacing: true,
  down(bench, place) {
    return { isPan: true, move: null, up: (at, _event, hasMoved) => !hasMoved && tool.place(bench, place) };
  },
});

export const point = clickTool({
  name: "point",
  label: "Point",
  key: "P",
  hint: "Click where the chosen curve drops: the level from there on.",
  icon: "M3 6h7v8h7M10 14m-2.6 0a2.6 2.6 0 1 0 5.2 0a2.6 2.6 0 1 0 -5.2 0",
  place(bench, place) {
    const { panel, arm } = bench.figure;
    if (!arm) return tell("Choose an arm first; there is none yet.");
    const edits = addPointEdits(panel, arm, place);
    if (!edits) return tell("A point needs a time after 0.");
    const [time, survival] = edits[0].points[1];
    bench.selectSoon({ kind: "point", arm: arm.name, x: place[0], y: place[1] });
    return bench.figure.edit(edits, `Point added at time ${short(time, 4)}, survival ${fixed(survival, 3)}.`);
  },
});

export const mark = clickTool({
  name: "mark",
  label: "Mark",
  key: "M",
  hint: "Click where a patient is censored on the chosen curve.",
  icon: "M3 12h14M10 7v10",
  place(bench, place) {
    const { panel, arm } = bench.figure;
    if (!arm) return tell("Choose an arm first; there is none yet.");
    const at = onCurve(arm, place[0]);
    const time = clean(Math.max(0, toData(panel, at)[0]));
    bench.selectSoon({ kind: "mark", arm: arm.name, x: at[0], y: at[1] });
    return bench.figure.edit([{ edit: "marks", arm: arm.name, add: [time] }], `Censor mark added at ${short(time, 4)}.`);
  },
});

export const colour = clickTool({
  name: "colour",
  label: "Colour",
  key: "",
  hint: "Click on a curve to take its colour.",
  place: (bench, place) => bench.then && bench.finish(inkAt(bench.image, place)),
});

const AROUND = 7;

/** The colour of the ink at a place: of the px around it, the one that is least like paper. */
function inkAt(image, [x, y]) {
  const pen = h("canvas", { width: AROUND, height: AROUND }).getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, AROUND, AROUND);
  pen.drawImage(image, Math.round(x) - 3, Math.round(y) - 3, AROUND, AROUND, 0, 0, AROUND, AROUND);
  const { data } = pen.getImageData(0, 0, AROUND, AROUND);
  const all = Array.from({ length: AROUND * AROUND }, (_, k) => [...data.slice(4 * k, 4 * k + 3)]);
  const strength = (rgb) => 3 * (Math.max(...rgb) - Math.min(...rgb)) + 765 - rgb[0] - rgb[1] - rgb[2];
  const ink = all.reduce((best, one) => (strength(one) > strength(best) ? one : best));
  return `#${ink.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
}

export const tick = clickTool({
  name: "tick",
  label: "Tick",
  key: "T",
  hint: "Click at a tick of an axis, then type its value.",
  icon: "M4 4v12h13M9 16v-4M14 16v-4",
  place(bench, place) {
    if (bench.then) return bench.finish(place);
    const panel = bench.figure.panel;
    if (!panel?.box) return tell("There is no plotting box yet; draw it first.");
    const [left, top, right, bottom] = panel.box;
    const isTime = Math.abs(place[1] - bottom) / (bottom - top) < Math.abs(place[0] - left) / (right - left);
    const name = isTime ? "time" : "vertical";
    const axis = panel.axes[name];
    if (!axis.slope) return tell("Give this axis two ticks under “By hand” first.");
    const px = isTime ? place[0] : place[1];
    const kept = axis.ticks.filter((one) => one.used !== false);
    bench.selectSoon({ kind: "tick", axis: name, x: isTime ? px : left, y: isTime ? bottom : px }, { type: true });
    return bench.figure.edit([ticksEdit(name, [...kept, { px, value: clean(printed(axis, px)) }].sort((one, other) => one.px - other.px))], "Tick added; type its value.");
  },
});
