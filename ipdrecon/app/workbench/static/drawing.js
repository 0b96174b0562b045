// Everything that was read, drawn over the figure. One element for each kind where there may be hundreds, so that a drag touches one.

import { grade, tickGrade } from "./confidence.js";
import { fill, s } from "./dom.js";
import { fixed, short } from "./numbers.js";

// The colours over the figure by hue in degrees; the seventh is grey. As `.ink-1` to `.ink-8` of bench.css.
const HUES = [215, 17, 175, 289, 51, 333, null, 101];
const [GREY, FARTHEST] = [0.2, 180];
const [OFF_PX, NEAR_CORNER] = [0.75, 0.02]; // a tick further off its scale says so; labels of both axes would meet in the corner

/** The class of an arm's colour over the figure: near to the colour in which it is printed, and another for each arm. */
export const armInk = (panel, name) => `ink-${inks(panel.arms.map((arm) => arm.colour))[Math.max(0, panel.arms.findIndex((arm) => arm.name === name))] + 1}`;

/** Numbers of inks, one for each colour: of all pairs the nearest first. */
function inks(colours) {
  const pairs = colours.flatMap((colour, arm) => HUES.map((hue, ink) => ({ arm, ink, off: apart(hueOf(colour), hue) + ink / 100 + arm / 10000 }))).sort((one, other) => one.off - other.off);
  const taken = colours.map(() => null);
  for (const { arm, ink } of pairs) if (taken[arm] === null && !taken.includes(ink)) taken[arm] = ink;
  return taken.map((ink, arm) => ink ?? arm % HUES.length);
}

/** Degrees between two hues; a grey is far from every hue. */
function apart(one, other) {
  if (one === null || other === null) return one === other ? 0 : FARTHEST;
  const off = Math.abs(one - other) % 360;
  return Math.min(off, 360 - off);
}

/** The hue of a colour like #1e8449 in degrees; null for a grey, or where there is none. */
function hueOf(colour) {
  if (!/^#[0-9a-f]{6}$/i.test(colour ?? "")) return null;
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255);
  const most = Math.max(red, green, blue);
  const range = most - Math.min(red, green, blue);
  if (range < GREY * Math.max(most, 0.5)) return null;
  const sixth = most === red ? (green - blue) / range : most === green ? 2 + (blue - red) / range : 4 + (red - green) / range;
  return (60 * sixth + 360) % 360;
}

/** Steps through points: along to each, then down. */
export function stepPath(px) {
  if (!px.length) return "";
  let path = `M${px[0][0]} ${px[0][1]}`;
  for (let k = 1; k < px.length; k += 1) path += `H${px[k][0]}V${px[k][1]}`;
  return path;
}

const dots = (px) => px.map(([x, y]) => `M${x} ${y}h0`).join("");
const crosses = (px) => px.map(([x, y]) => `M${x} ${y}m0 -5v10`).join("");

export class Drawing {
  constructor(world) {
    this.paper = s("rect", { class: "paper", x: -0.5, y: -0.5 });
    this.image = s("image", { class: "plate", x: -0.5, y: -0.5, preserveAspectRatio: "none" });
    this.rebuilt = s("g", { class: "rebuilt", "aria-hidden": "true" });
    this.read = s("g", { class: "read" });
    this.over = s("g", { class: "over" });
    this.chosen = s("g", { class: "chosen" });
    world.append(this.paper, this.image, this.rebuilt, this.read, this.over, this.chosen);
    this.curves = new Map();
  }

  setSize([width, height]) {
    for (const part of [this.paper, this.image]) {
      part.setAttribute("width", width);
      part.setAttribute("height", height);
    }
  }

  setImage(address, size) {
    this.image.setAttribute("href", address);
    this.setSize(size);
  }

  /** Draw a figure; the chosen panel and arm are in front. */
  draw(figure) {
    this.figure = figure;
    this.curves.clear();
    if (figure.view?.size[0]) this.setSize(figure.view.size);
    const parts = (figure.view?.panels ?? []).map((panel) => this.panelPart(panel, panel.panel === figure.panelName));
    fill(this.read, parts);
  }

  panelPart(panel, isChosen) {
    const group = s("g", { class: isChosen ? "panel chosen-panel" : "panel" });
    if (panel.box) group.append(boxPart(panel.box, "box"));
    if (panel.at_risk) group.append(...panel.at_risk.cells.filter((cell) => cell.box).map(cellPart));
    for (const flag of panel.flags) if (flag.box && flag.needs_review) group.append(boxPart(flag.box, "doubt"));
    const arms = [...panel.arms].sort((one) => (isChosen && one.name === this.figure.armName ? 1 : -1));
    for (const arm of arms) group.append(this.armPart(panel, arm, isChosen && arm.name === this.figure.armName));
    if (panel.box) group.append(...tickParts(panel));
    return group;
  }

  armPart(panel, arm, isChosen) {
    const path = stepPath(arm.px);
    const line = s("path", { class: `curve ${grade(arm.confidence)}`, d: path });
    const halo = s("path", { class: "halo", d: path });
    const points = s("path", { class: "points", d: isChosen ? dots(arm.px.slice(1)) : "" });
    const marks = s("path", { class: "marks", d: crosses(arm.marks_px) });
    const hidden = (arm.occluded ?? []).map((stretch) => s("path", { class: "hidden-stretch", d: stepPath(between(arm, stretch)) }));
    this.curves.set(`${panel.panel}/${arm.name}`, { line, halo, points, marks });
    const title = s("title", {}, `${arm.name}: ${arm.points.length - 1} drops, confidence ${arm.confidence === null || arm.confidence === undefined ? "not judged" : fixed(arm.confidence, 2)}`);
    return s("g", { class: `arm ${armInk(panel, arm.name)}${isChosen ? " chosen-arm" : ""}` }, title, hidden, halo, line, points, marks);
  }

  /** Show a thing elsewhere than it was read, while it is dragged: only its own elements change. */
  preview(thing, [x, y]) {
    const panel = this.figure.panel;
    if (thing.kind === "tick") return this.select({ ...thing, x, y });
    const arm = this.figure.arms.find((one) => one.name === thing.arm);
    const curve = this.curves.get(`${panel.panel}/${thing.arm}`);
    if (thing.kind === "point") {
      const px = arm.px.slice();
      px[thing.index] = [x, y];
      const path = stepPath(px);
      curve.line.setAttribute("d", path);
      curve.halo.setAttribute("d", path);
      curve.points.setAttribute("d", dots(px.slice(1)));
    } else {
      curve.marks.setAttribute("d", crosses(arm.marks_px.map((place, index) => (index === thing.index ? [x, y] : place))));
    }
    return this.select({ ...thing, x, y });
  }

  /** Ring what is selected. */
  select(thing) {
    if (!thing) return fill(this.chosen);
    if (thing.kind === "tick") {
      const [left, top, right, bottom] = this.figure.panel.box ?? [0, 0, ...this.figure.view.size];
      const line = thing.axis === "time" ? `M${thing.x} ${top}V${bottom}` : `M${left} ${thing.y}H${right}`;
      const guide = this.chosen.querySelector(".guide");
      const ring = this.chosen.querySelector(".ring");
      if (guide && ring) {
        guide.setAttribute("d", line);
        ring.setAttribute("cx", thing.x);
        ring.setAttribute("cy", thing.y);
        return null;
      }
      return fill(this.chosen, s("path", { class: "guide", d: line }), s("circle", { class: "ring", cx: thing.x, cy: thing.y }));
    }
    const ring = this.chosen.querySelector(".ring");
    if (ring && this.chosen.childElementCount === 1) {
      ring.setAttribute("cx", thing.x);
      ring.setAttribute("cy", thing.y);
      return null;
    }
    return fill(this.chosen, s("circle", { class: "ring", cx: thing.x, cy: thing.y }));
  }

  /** The rebuilt curves of the chosen panel. */
  drawRebuilt(panel, arms) {
    fill(this.rebuilt, arms.map((arm) => s("path", { class: `rebuilt-curve ${armInk(panel, arm.name)}`, d: stepPath(arm.km_px) })));
  }

  /** What a tool draws. */
  sketch(...parts) {
    fill(this.over, ...parts);
  }
}

export const boxPart = ([left, top, right, bottom], kind) => s("rect", { class: kind, x: left, y: top, width: Math.max(0, right - left), height: Math.max(0, bottom - top) });

function cellPart(cell) {
  const part = boxPart(cell.box, `cell ${cell.n_risk === null ? "unsure" : grade(cell.confidence)}`);
  part.append(s("title", {}, `${cell.arm} at ${short(cell.time, 4)}: ${cell.n_risk ?? "empty"}`));
  return part;
}

function tickParts(panel) {
  const [left, top, , bottom] = panel.box;
  const { time: along, vertical: up } = panel.axes;
  const isLong = along.ticks.some(isOff);
  const time = along.ticks.map((tick, index) => tickPart(tick, `M${tick.px} ${bottom}`, "v", [tick.px, bottom], isLong && index % 2 ? "below raised" : "below"));
  const vertical = up.ticks.map((tick) => tickPart(tick, `M${left} ${tick.px}`, "h", [left, tick.px], bottom - tick.px < NEAR_CORNER * (bottom - top) ? "beside raised" : "beside"));
  return [...time, ...vertical];
}

const isOff = (tick) => Math.abs(tick.off ?? 0) > OFF_PX;

function tickPart(tick, start, direction, [x, y], side) {
  const label = `${short(tick.value, 6)}${tick.used === false ? " ✕" : isOff(tick) ? ` (${fixed(Math.abs(tick.off), 1)} px)` : ""}`;
  const text = s("text", { x, y, class: side }, label);
  return s("g", { class: `tick ${tickGrade(tick)}` }, s("path", { d: `${start}${direction === "v" ? "v-7" : "h7"}` }), s("circle", { cx: x, cy: y }), text);
}

function between(arm, { from, to }) {
  const level = (time) => {
    let found = arm.px[0];
    arm.points.forEach(([t], k) => {
      if (t <= time) found = arm.px[k];
    });
    return found;
  };
  const inside = arm.px.filter((_, k) => arm.points[k][0] > from && arm.points[k][0] < to);
  return [level(from), ...inside, level(to)].filter(Boolean);
}
