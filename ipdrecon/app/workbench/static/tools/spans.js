// The tools that are drawn by a drag: the plotting box, and a stretch of time.

import { tell } from "../announce.js";
import { s } from "../dom.js";
import { boxPart } from "../drawing.js";
import { isCalibrated, toData } from "../scale.js";
import { clean } from "../things.js";

/** A tool with two ends: drag from one to the other, or set each with Enter. */
const spanTool = (tool) => ({
  ...tool,
  isPlacing: true,
  down(bench, start) {
    return {
      move: (at) => bench.drawing.sketch(tool.sketch(bench, start, at)),
      up: (at) => tool.done(bench, start, at),
      cancel: () => bench.drawing.sketch(),
    };
  },
  place(bench, place) {
    if (!bench.firstEnd) {
      bench.firstEnd = place;
      return tell("Now go to the opposite end and press Enter.", { seconds: 3 });
    }
    const start = bench.firstEnd;
    bench.firstEnd = null;
    return tool.done(bench, start, place);
  },
});

const sorted = (one, other) => [Math.min(one[0], other[0]), Math.min(one[1], other[1]), Math.max(one[0], other[0]), Math.max(one[1], other[1])];

export const box = spanTool({
  name: "box",
  label: "Box",
  key: "B",
  hint: "Drag along the plotting box: from where the axes meet to the opposite corner.",
  icon: "M4 4h12v12H4z",
  sketch: (bench, start, at) => boxPart(sorted(start, at), "sketched"),
  done(bench, start, at) {
    const edges = sorted(start, at).map((edge) => Math.round(edge * 10) / 10);
    if (edges[2] - edges[0] < 10 || edges[3] - edges[1] < 10) {
      bench.drawing.sketch();
      return null;
    }
    if (bench.then) return bench.finish(edges);
    bench.drawing.sketch(boxPart(edges, "sketched"));
    const isNew = !bench.figure.panel;
    return bench.figure.edit([isNew ? { edit: "add_panel", panel: "A", box: edges } : { edit: "box", box: edges }], "Plotting box set.").then(() => bench.drawing.sketch());
  },
});

export const stretch = spanTool({
  name: "stretch",
  label: "Stretch",
  key: "R",
  hint: "Drag over a stretch of time; then give it to another arm.",
  icon: "M4 4v12M16 4v12M6 10h8M6 10l2.5-2.5M6 10l2.5 2.5M14 10l-2.5-2.5M14 10l-2.5 2.5",
  sketch: (bench, start, at) => band(bench, start, at),
  done(bench, start, at) {
    const panel = bench.figure.panel;
    if (!isCalibrated(panel)) return tell("The axes are not known yet.");
    const [from, to] = [start, at].map((place) => clean(Math.max(0, toData(panel, place)[0]))).sort((one, other) => one - other);
    if (to <= from) return bench.drawing.sketch();
    bench.drawing.sketch(band(bench, start, at));
    return bench.select({ kind: "stretch", from: Number(from.toFixed(3)), to: Number(to.toFixed(3)) }, { type: true });
  },
});

function band(bench, start, at) {
  const [, top, , bottom] = bench.figure.panel?.box ?? [0, 0, ...bench.figure.view.size];
  const [left, right] = [start[0], at[0]].sort((one, other) => one - other);
  return s("rect", { class: "sketched", x: left, y: top, width: right - left, height: bottom - top });
}
