// What is selected, in fields: the place for typed values and for the keyboard.

import { button, choice, field, fill, h } from "./dom.js";
import { fixed, short, typed } from "./numbers.js";
import { toPx } from "./scale.js";
import { axisEdit, describe, onCurve, pointEdits, removeEdits } from "./things.js";
import { complain, tell } from "./announce.js";

const input = (value, store, label, keep) => {
  const box = h("input", { value, inputmode: "decimal", autocomplete: "off", size: 8, data: { keep } });
  const given = () => {
    if (box.value === String(value)) return;
    const number = typed(box.value);
    if (Number.isNaN(number)) {
      box.setAttribute("aria-invalid", "true");
      tell(`“${box.value}” is no number.`, { seconds: 3 });
      return;
    }
    value = box.value;
    store(number);
  };
  box.addEventListener("change", given);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter") given();
    if (event.key === "Escape") box.blur();
  });
  return field(label, box, { kind: "tight" });
};

export class Inspector {
  constructor(bench) {
    this.bench = bench;
    this.element = h("section", { class: "inspector", "aria-label": "What is selected" });
  }

  /** Show what is selected, or the tool's hint; the focus stays here, or goes to the figure where its field is gone. */
  show() {
    const { selected: thing, figure, tool, hint, sheet } = this.bench;
    const hadFocus = this.element.contains(document.activeElement);
    const make = { tick: () => this.tick(thing), point: () => this.point(thing), mark: () => this.mark(thing), stretch: () => this.stretch(thing) };
    fill(this.element, thing && figure.panel ? make[thing.kind]() : h("p", { class: "hint" }, h("b", {}, tool.label), ` ${hint}`));
    if (hadFocus && !this.element.contains(document.activeElement)) sheet.svg.focus();
  }

  focus() {
    this.element.querySelector("input, select")?.focus();
    this.element.querySelector("input")?.select();
  }

  /** Keep hold of a thing that goes to a time and a survival; where no survival is given, it stays on its curve. */
  follow(thing, time, survival) {
    const { figure } = this.bench;
    const place = toPx(figure.panel, [time, survival ?? 1]);
    const [x, y] = survival === null ? onCurve(figure.arms.find((arm) => arm.name === thing.arm), place[0]) : place;
    this.bench.selectSoon({ ...thing, x, y });
  }

  remove(thing) {
    const edits = removeEdits(this.bench.figure.panel, thing);
    if (!edits) {
      tell(thing.kind === "tick" ? "An axis needs two ticks." : "This point has to stay: a curve needs an end.");
      return;
    }
    this.bench.select(null);
    this.bench.figure.edit(edits, "Taken away.").catch(complain);
  }

  removal(thing) {
    return button("Remove", () => this.remove(thing), { kind: "quiet", key: "Delete" });
  }

  tick(thing) {
    const { figure } = this.bench;
    const tick = figure.panel.axes[thing.axis].ticks[thing.index];
    if (!tick) return [];
    const set = (changes) => {
      if ("px" in changes) this.bench.selectSoon({ ...thing, [thing.axis === "time" ? "x" : "y"]: changes.px });
      return figure.edit(() => [axisEdit(figure.panel, thing.axis, thing.index, changes)], "Tick set.");
    };
    const off = tick.used === false ? "left out: it contradicts the others" : `${fixed(Math.abs(tick.off ?? 0), 2)} px off the straight scale`;
    return [h("b", {}, thing.axis === "time" ? "Tick, time axis" : "Tick, vertical axis"), input(short(tick.value, 8), (value) => set({ value }), "Value", "tick-value"), input(fixed(tick.px, 1), (px) => set({ px }), "at px", "tick-px"), h("span", { class: "soft" }, off), this.removal(thing)];
  }

  point(thing) {
    const { figure } = this.bench;
    const find = () => figure.arms.find((one) => one.name === thing.arm);
    const arm = find();
    const [time, survival] = arm?.points[thing.index] ?? [];
    if (time === undefined) return [];
    const set = (t, p) => figure.edit(() => {
      const [oldTime, oldSurvival] = find().points[thing.index];
      const isEnd = thing.index === find().points.length - 1;
      this.follow(thing, t ?? oldTime, isEnd ? p : p ?? oldSurvival);
      return pointEdits(find(), thing.index, t ?? oldTime, p ?? oldSurvival);
    }, "Point set.");
    return [h("b", {}, `Point ${thing.index} of ${arm.points.length - 1}, ${arm.name}`), input(short(time, 6), (value) => set(value, null), "Time", "point-time"), input(fixed(survival, 4), (value) => set(null, value), "Survival", "point-survival"), this.removal(thing)];
  }

  mark(thing) {
    const { figure } = this.bench;
    const arm = figure.arms.find((one) => one.name === thing.arm);
    const time = arm?.marks[thing.index];
    if (time === undefined) return [];
    const set = (value) => figure.edit(() => {
      this.follow(thing, value, null);
      return [{ edit: "marks", arm: arm.name, delete: [time], add: [value] }];
    }, "Mark moved.");
    return [h("b", {}, `Censor mark, ${arm.name}`), input(short(time, 6), set, "Time", "mark-time"), this.removal(thing)];
  }

  stretch(thing) {
    const { figure } = this.bench;
    const others = figure.arms.map((arm) => arm.name).filter((name) => name !== figure.armName);
    let other = others.includes(thing.other) ? thing.other : others[0];
    const set = (changes) => this.bench.select({ ...thing, ...changes });
    const give = async (end) => {
      const isDone = await figure.edit([{ edit: "swap", arms: [figure.armName, other], from: thing.from, ...end }], `From ${short(thing.from, 4)} on, ${figure.armName} and ${other} have changed places.`);
      if (!isDone || this.bench.selected !== thing) return; // what was refused can be mended and tried again
      this.bench.select(null);
      this.bench.drawing.sketch();
    };
    const words = [h("b", {}, `Stretch of ${figure.armName ?? "no arm"}`), input(thing.from, (from) => set({ from }), "from", "from"), input(thing.to, (to) => set({ to }), "to", "to")];
    if (!others.length) return [...words, h("span", { class: "soft" }, "There is no other arm to give it to.")];
    return [...words, field("changes places with", choice(others, other, (name) => { thing.other = other = name; }), { kind: "tight" }), button("Change places", () => give({ to: thing.to }), { kind: "main" }), button("… to the end", () => give({}), { kind: "quiet", title: "Change places from there to the end of the curves" })];
  }
}

export { describe };
