// A rough stroke along a curve: the server finds the ink under it, and the stretch becomes what the ink says.

import { ask } from "../api.js";
import { complain, tell } from "../announce.js";
import { s } from "../dom.js";

const LEAST_LENGTH_PX = 6;
const REACH_PX = 12;

export const stroke = {
  name: "stroke",
  label: "Stroke",
  key: "S",
  isPlacing: true,
  hint: "Draw roughly along the chosen curve: the stretch snaps to the ink under the stroke. On the keys: Enter at each bend, twice at the end.",
  icon: "M3 15c4-1 3-9 6-9s1 8 4 8 2-5 4-6",

  down(bench, start) {
    const places = [start];
    const line = s("path", { class: "sketched-line" });
    bench.drawing.sketch(line);
    return {
      everyEvent: true,
      move(at) {
        places.push(at);
        line.setAttribute("d", `M${places.map((place) => place.join(" ")).join("L")}`);
      },
      up: () => snap(bench, places),
      cancel: () => bench.drawing.sketch(),
    };
  },

  place(bench, place) {
    const places = (bench.bends ??= []);
    const last = places.at(-1);
    if (last && last[0] === place[0] && last[1] === place[1]) {
      bench.bends = null;
      return snap(bench, places);
    }
    places.push(place);
    return bench.drawing.sketch(s("path", { class: "sketched-line", d: `M${places.map((one) => one.join(" ")).join("L")}` }));
  },
};

const thinned = (places) => places.filter((place, k) => k === 0 || k === places.length - 1 || Math.hypot(place[0] - places[k - 1][0], place[1] - places[k - 1][1]) > 0.5).map(([x, y]) => [Number(x.toFixed(2)), Number(y.toFixed(2))]);

async function snap(bench, places) {
  const { figure } = bench;
  const line = thinned(places);
  if (line.length < 2 || Math.abs(line.at(-1)[0] - line[0][0]) < LEAST_LENGTH_PX) return bench.drawing.sketch();
  const isNew = Boolean(bench.then);
  if (!isNew && !figure.arm) return tell("Choose an arm first; there is none yet.");
  try {
    const body = { panel: figure.editPanel, arm: isNew ? null : figure.armName, colour: null, stroke: line, reach: Math.max(REACH_PX, 8 / bench.sheet.scale) };
    const found = await figure.during(ask("POST", figure.path("/snap"), { query: figure.query, body }));
    if (!found.points?.length) throw new Error("There is no ink under the stroke; draw nearer to the curve.");
    if (isNew) return bench.finish(found, line);
    if (found.share < 0.6) tell(`Only ${Math.round(100 * found.share)} % of the stroke had ink of this arm under it: look whether the stretch is right.`);
    await figure.edit([stretchEdit(figure.armName, found)], "Stretch redrawn.");
  } catch (error) {
    complain(error);
  }
  return bench.drawing.sketch();
}

function stretchEdit(arm, { points, data }) {
  if (!data?.length) return { edit: "points", arm, points, unit: "px" };
  const times = data.map(([time]) => Math.max(0, time));
  return { edit: "points", arm, points: data.map(([, survival], k) => [times[k], Math.min(1, Math.max(0, survival))]), from: Math.min(...times), to: Math.max(...times) };
}
