// From nothing: the steps by which a figure is done by hand, each as soon as the one before is there.

import { say, tell } from "../announce.js";
import { button, choice, field, fill, h, s } from "../dom.js";
import { armInk, boxPart } from "../drawing.js";
import { short, typed } from "../numbers.js";
import { SCALES } from "../scale.js";
import { clean } from "../things.js";
import { newArm } from "./arms.js";
import { newTable } from "./risk.js";

// What the two ticks of an axis most often say; the one nearer to where the axes meet comes first.
const LIKELY = { time: ["0", ""], vertical: ["0", "1"] };
const ENDS = { time: ["Left tick", "Right tick"], vertical: ["Lower tick", "Upper tick"] };
const AXES = { time: ["The time axis", "Click two ticks of the time axis, far apart, and type their values."], vertical: ["The vertical axis", "Click two ticks of the vertical axis, far apart, and type their values."] };

export class HandPane {
  constructor(bench) {
    this.bench = bench;
    this.places = { time: [], vertical: [] };
    this.scale = "survival";
    this.unit = "months";
  }

  get badge() {
    return this.bench.figure.panel?.missing?.length ?? 0;
  }

  parts() {
    const { view, panel } = this.bench.figure;
    const isDone = view.status === "read";
    const why = view.message ? h("details", { class: "notes" }, h("summary", {}, "Why it could not be read by itself"), h("p", {}, view.message)) : null;
    const words = isDone ? h("p", { class: "good" }, "The figure is whole. Its patients are under Result; add the numbers at risk where the figure prints them.") : h("p", {}, "This figure could not be read by itself. Give it what is missing, step by step; as soon as the program can go on alone, it does.");
    return [h("h2", {}, isDone ? "Done by hand" : "Let us do it by hand"), words, h("ol", { class: "steps" }, this.boxStep(panel), this.axisStep(panel, "time"), this.axisStep(panel, "vertical"), this.armStep(panel), this.tableStep(panel)), isDone ? null : why, isDone ? this.resultStep() : this.otherWays(view)];
  }

  /** The first step is begun as soon as there is something to draw upon. */
  begin() {
    const { bench } = this;
    if (!bench.figure.panel?.box && bench.tool.name === "mend") this.drawBox();
  }

  resultStep() {
    return h("p", { class: "row" }, h("button", { type: "button", class: "main", data: { keep: "hand-result" }, onclick: () => this.bench.side.choose("result") }, "See the result"));
  }

  otherWays(view) {
    return h("details", { class: "notes" }, h("summary", {}, "Or read it anew"), h("p", { class: "row" }, button("Read anew", () => this.bench.read()), view.kind === "vector" ? button("Read it as a picture", () => this.bench.read({ as_picture: true }), { kind: "quiet" }) : null));
  }

  step(title, isDone, isNow, ...children) {
    return h("li", { class: `${isDone ? "done" : ""} ${isNow ? "now" : ""}`, "aria-current": isNow ? "step" : null }, h("h3", {}, title, isDone ? h("span", { class: "tick-sign" }, "✓", h("span", { class: "unseen" }, " done")) : null), isNow ? children : null);
  }

  has(panel, part) {
    return Boolean(panel) && !(panel.missing ?? []).includes(part);
  }

  boxStep(panel) {
    const isDone = this.has(panel, "box") && Boolean(panel.box);
    return this.step("The plotting box", isDone, !isDone, h("p", {}, "Drag over the figure, from the corner where the axes meet to the opposite one."), button("Draw the box", () => this.drawBox(), { kind: "main", key: "B" }));
  }

  drawBox() {
    const { bench } = this;
    bench.use("box", { hint: "Drag from the corner where the axes meet to the opposite one.", then: async (edges) => {
      bench.drawing.sketch(boxPart(edges, "sketched"));
      const edit = bench.figure.panel ? { edit: "box", box: edges } : { edit: "add_panel", panel: "A", box: edges };
      bench.use("mend");
      if (await bench.figure.edit([edit], "The box is there. Now the time axis.")) this.takeTicks("time");
    } });
  }

  axisStep(panel, axis) {
    const isDone = this.has(panel, `${axis} axis`);
    const before = axis === "time" ? this.has(panel, "box") : this.has(panel, "time axis");
    const [title, hint] = AXES[axis];
    const values = this.places[axis].map((place, index) => {
      const input = h("input", { inputmode: "decimal", autocomplete: "off", value: place.value, data: { keep: `hand-${axis}-${index}` } });
      input.addEventListener("input", () => { place.value = input.value; });
      return field(ENDS[axis][index], input, { kind: "tight" });
    });
    const scale = axis === "vertical" ? field("It shows", choice(SCALES, this.scale, (name) => { this.scale = name; })) : null;
    const unit = axis === "time" ? h("input", { value: this.unit, list: "hand-units", autocomplete: "off", data: { keep: "hand-unit" }, oninput: (event) => { this.unit = event.target.value; } }) : null;
    const units = unit ? [field("Unit", unit, { kind: "tight" }), h("datalist", { id: "hand-units" }, ["days", "weeks", "months", "years"].map((value) => h("option", { value })))] : null;
    const form = values.length === 2 ? h("form", { class: "two", onsubmit: (event) => this.storeAxis(event, axis) }, values, units, scale, h("button", { class: "main" }, "Store")) : null;
    return this.step(title, isDone, before && !isDone, h("p", {}, hint), form ?? button("Click two ticks", () => this.takeTicks(axis), { kind: "main" }));
  }

  takeTicks(axis) {
    const { bench } = this;
    this.places[axis] = [];
    this.bench.side.choose("hand");
    const take = (place) => {
      const box = bench.figure.panel?.box;
      const at = box ? (axis === "time" ? [place[0], box[3]] : [box[0], place[1]]) : place;
      this.places[axis].push({ px: axis === "time" ? place[0] : place[1], at, value: "" });
      this.places[axis].sort((one, other) => (axis === "time" ? one.px - other.px : other.px - one.px));
      bench.drawing.sketch(...this.places[axis].map((one) => s("circle", { class: "ring", cx: one.at[0], cy: one.at[1] })));
      if (this.places[axis].length < 2) {
        say("Now the second tick.");
        bench.use("tick", { hint: "Now the second tick, far from the first.", then: take });
        bench.drawing.sketch(...this.places[axis].map((one) => s("circle", { class: "ring", cx: one.at[0], cy: one.at[1] })));
        return;
      }
      bench.tool.name === "tick" && bench.use("mend");
      bench.drawing.sketch(...this.places[axis].map((one) => s("circle", { class: "ring", cx: one.at[0], cy: one.at[1] })));
      this.places[axis].forEach((one, index) => { one.value = LIKELY[axis][index]; });
      bench.side.show();
      this.focus(`hand-${axis}-1`);
    };
    bench.use("tick", { hint: AXES[axis][1], then: take });
  }

  /** Go to a field of the steps, ready to type over what stands there. */
  focus(keep) {
    const found = this.bench.side.body.querySelector(`[data-keep="${keep}"]`);
    found?.focus();
    found?.select?.();
    return Boolean(found);
  }

  async storeAxis(event, axis) {
    event.preventDefault();
    const { bench } = this;
    const ticks = this.places[axis].map(({ px, value }) => ({ px: clean(px), value: typed(value) })).sort((one, other) => one.px - other.px);
    if (ticks.some((tick) => Number.isNaN(tick.value)) || ticks[0].value === ticks[1].value) return tell("Type two different values.");
    const edits = [{ edit: "axis", axis, ticks }];
    if (axis === "time" && this.unit.trim()) edits.push({ edit: "unit", unit: this.unit.trim() });
    if (axis === "vertical") edits.push({ edit: "scale", scale: Math.max(...ticks.map((tick) => tick.value)) > 1.5 && this.scale === "survival" ? "percent" : this.scale });
    bench.drawing.sketch();
    const isDone = await bench.figure.edit(edits, axis === "time" ? "The time axis is there. Now the vertical axis." : "Both axes are there.");
    if (!isDone) return null;
    this.places[axis] = [];
    const { panel } = bench.figure;
    if (axis === "time" && !this.has(panel, "vertical axis")) this.takeTicks("vertical");
    else {
      bench.side.choose("hand");
      this.focus("hand-arm-0");
    }
    return null;
  }

  armStep(panel) {
    const arms = panel?.arms ?? [];
    const isReady = this.has(panel, "vertical axis") && this.has(panel, "time axis");
    const list = h("ul", { class: "arms" }, arms.map((arm, index) => this.armItem(panel, arm, index)));
    const found = arms.length && arms.some((arm) => arm.matched_by !== "given") ? h("p", {}, "These curves were found by themselves. Name them, or draw them all by hand.") : null;
    return this.step("The arms", arms.length > 0, isReady, found, list, isReady ? h("p", {}, "Draw roughly along a curve; it snaps to the ink. Then name it.") : null, isReady ? h("p", { class: "row" }, button(arms.length ? "Draw another" : "Draw an arm", () => this.drawArm(), { kind: "main", key: "S" }), arms.length ? null : button("Look for the curves", () => this.lookForCurves(), { kind: "quiet", title: "Now that the axes are known" })) : null);
  }

  armItem(panel, arm, index) {
    const name = h("input", { value: arm.name, "aria-label": `Name of arm ${index + 1}`, data: { keep: `hand-arm-${index}` }, onkeydown: (event) => event.key === "Enter" && (this.focus(`hand-arm-${index + 1}`) || this.focus("all-times")) });
    name.addEventListener("change", () => name.value.trim() && this.bench.figure.edit([{ edit: "rename_arm", arm: arm.name, name: name.value.trim() }], "Renamed."));
    return h("li", {}, h("div", { class: "arm-head" }, h("span", { class: `swatch ${armInk(panel, arm.name)}` }, String(index + 1)), name, h("button", { type: "button", class: "quiet", "aria-label": `Delete ${arm.name}`, onclick: () => this.bench.figure.edit([{ edit: "delete_arm", arm: arm.name }], "Deleted.") }, "✕")), h("p", { class: "soft" }, arm.points.length ? `to ${short(arm.points.at(-1)[0], 4)}` : `${arm.px.length} points`));
  }

  drawArm() {
    const { bench } = this;
    bench.use("stroke", { then: async (found) => {
      const { panel } = bench.figure;
      const isFirst = !panel.arms.length && !bench.figure.view.edits.some((edit) => edit.edit === "arms");
      const name = `arm ${panel.arms.length + 1}`;
      const edits = [...(isFirst ? [{ edit: "arms", count: 0 }] : []), newArm(name, found)];
      const index = panel.arms.length;
      bench.use("mend");
      if (!(await bench.figure.edit(edits, `${name} is drawn; type its name.`))) return;
      bench.side.choose("hand");
      this.focus(`hand-arm-${index}`);
    } });
  }

  lookForCurves() {
    return this.bench.read();
  }

  tableStep(panel) {
    const isDone = Boolean(panel?.at_risk);
    const isReady = (panel?.arms.length ?? 0) > 0;
    return this.step("The numbers at risk", isDone, isReady && !isDone, isReady ? h("p", {}, "Where the figure prints them: the times, and a row for each arm.") : null, isReady ? newTable(this.bench, panel, () => this.focus("hand-result")) : null);
  }
}

export { fill };
