// The tool for mending: takes hold of whatever lies under the pointer; drags the figure where nothing does.

import { allowed, describe, moveEdits, nearest, onCurve, things } from "../things.js";

const LEAST_PX = 2;

export const mend = {
  name: "mend",
  label: "Mend",
  key: "V",
  hint: "Drag a tick, a point or a censor mark to where it belongs. Click a curve to choose its arm, a number at risk to type it. Drag the ground to move the figure.",
  icon: "M5 3l12 9-5.5.8L9 18z",

  down(bench, place, event) {
    const reach = (event.pointerType === "touch" ? 20 : 9) / bench.sheet.scale;
    const thing = grab(bench, place, reach);
    if (thing) return dragOf(bench, thing, place);
    return {
      isPan: true,
      move: null,
      up: (at, _event, hasMoved) => !hasMoved && click(bench, at, reach),
    };
  },

  hover(bench, place) {
    return grab(bench, place, 9 / bench.sheet.scale) ? "grab" : "";
  },
};

function grab(bench, place, reach) {
  const { panel, arm } = bench.figure;
  if (!panel || panel.draft) return null;
  if (bench.selected && nearest([bench.selected], place, 1.4 * reach)) return bench.selected;
  return nearest(things(panel, arm, "tick"), place, 1.3 * reach) ?? nearest(things(panel, arm, "mark"), place, 0.7 * reach) ?? nearest(things(panel, arm, "point"), place, reach);
}

function dragOf(bench, thing, start) {
  const panel = bench.figure.panel;
  let place = [thing.x, thing.y];
  bench.select(thing);
  return {
    move(at) {
      place = allowed(panel, thing, [thing.x + at[0] - start[0], thing.y + at[1] - start[1]]);
      bench.preview(thing, place);
    },
    up(at, _event, hasMoved) {
      if (!hasMoved || Math.hypot(place[0] - thing.x, place[1] - thing.y) * bench.sheet.scale < LEAST_PX) {
        bench.select(thing);
        return;
      }
      bench.commit(thing, place);
    },
    cancel: () => bench.redraw(),
  };
}

function click(bench, place, reach) {
  const { panel, arms } = bench.figure;
  const cell = panel?.at_risk?.cells.find(({ box }) => box && place[0] >= box[0] - reach && place[0] <= box[2] + reach && place[1] >= box[1] - reach && place[1] <= box[3] + reach);
  if (cell) return bench.openCell(cell);
  const near = arms.map((arm) => [arm.name, distance(arm, place)]).sort((one, other) => one[1] - other[1])[0];
  if (near && near[1] < 1.5 * reach) bench.figure.chooseArm(near[0]);
  return bench.select(null);
}

/** How far a place is from a stepped curve. */
function distance(arm, [x, y]) {
  let least = Infinity;
  for (let k = 1; k < arm.px.length; k += 1) {
    const [[left, top], [right, bottom]] = [arm.px[k - 1], arm.px[k]];
    const flat = x >= left && x <= right ? Math.abs(y - top) : Infinity;
    const steep = y >= Math.min(top, bottom) && y <= Math.max(top, bottom) ? Math.abs(x - right) : Infinity;
    least = Math.min(least, flat, steep);
  }
  return least;
}

/** Move what is selected by a step of the arrow keys. */
export function nudged(bench, [dx, dy]) {
  const thing = bench.selected;
  const from = bench.moving ?? [thing.x, thing.y];
  const panel = bench.figure.panel;
  if (thing.kind === "mark") return onCurve(bench.figure.arm, from[0] + dx);
  return allowed(panel, thing, [from[0] + dx, from[1] + dy]);
}

export { describe, moveEdits };
