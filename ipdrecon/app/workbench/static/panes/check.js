// The doubtful places: what was noticed, in words; a click goes there.

import { say } from "../announce.js";
import { grade, tickGrade, word } from "../confidence.js";
import { button, h } from "../dom.js";
import { fixed, plural, short } from "../numbers.js";
import { axisEdit, things } from "../things.js";

export class CheckPane {
  constructor(bench) {
    this.bench = bench;
    this.at = -1;
  }

  /** Flags of the chosen panel and of the whole figure: those that ask for a look first. */
  get flags() {
    const { view, panel } = this.bench.figure;
    const all = [...(panel?.flags ?? []), ...(view?.flags ?? [])];
    return all.sort((one, other) => Number(other.needs_review) - Number(one.needs_review));
  }

  get badge() {
    const { panel } = this.bench.figure;
    return this.flags.filter((flag) => flag.needs_review).length + (panel && !panel.draft ? this.astray(panel).length : 0);
  }

  next(by) {
    const { flags } = this;
    if (!flags.length) return say("Nothing is doubtful.");
    this.at = (this.at + by + flags.length) % flags.length;
    return this.go(this.at);
  }

  go(index) {
    this.at = index;
    const flag = this.flags[index];
    say(`${flag.meaning} ${flag.detail ?? ""}`);
    if (flag.box) this.bench.visit(flag.box);
    const arm = /^arm '(.*)'$/.exec(flag.place ?? "")?.[1];
    if (arm && this.bench.figure.arms.some((one) => one.name === arm)) this.bench.figure.chooseArm(arm);
    if (this.bench.side.chosen === "check") this.bench.side.show();
  }

  parts() {
    const { view, panel, unread } = this.bench.figure;
    if (unread) return [h("p", { class: "soft" }, unread)];
    const { flags } = this;
    const astray = panel && !panel.draft ? this.astray(panel) : [];
    const doubtful = flags.filter((flag) => flag.needs_review);
    const notes = flags.filter((flag) => !flag.needs_review);
    const sum = panel ? h("p", { class: "summary" }, h("span", { class: `grade ${grade(view.confidence)}` }, word(grade(view.confidence))), ` ${plural(panel.arms.length, "arm")}, confidence ${fixed(view.confidence, 2)}. `, this.verdict(doubtful.length, panel)) : null;
    const title = doubtful.length || astray.length ? "Look at" : null;
    return [sum, title && h("h2", {}, title), astray, h("ol", { class: "doubts" }, doubtful.map((flag) => this.item(flag, flags.indexOf(flag)))),
      notes.length ? h("details", { class: "notes", open: doubtful.length < 3 }, h("summary", {}, plural(notes.length, "note")), h("ol", { class: "doubts" }, notes.map((flag) => this.item(flag, flags.indexOf(flag))))) : null,
      this.weakPlaces(), this.nextSteps(panel), this.edits(), this.again()];
  }

  /** A tick with which no other one goes: where the others would have it, or what they would have it say. */
  astray(panel) {
    const { figure } = this.bench;
    return ["time", "vertical"].flatMap((axis) => panel.axes[axis].ticks.map((tick, index) => [tick, index, axis])).filter(([tick]) => tick.expected).map(([tick, index, axis]) => {
      const set = (changes, said) => figure.edit(() => [axisEdit(figure.panel, axis, index, changes)], said);
      const { px, value } = tick.expected;
      return h("div", { class: "doubt-item needs" }, h("b", {}, `The tick ${short(tick.value, 6)} of the ${axis} axis does not go with the others.`), h("span", {}, `It lies ${fixed(Math.abs(tick.off), 1)} px from where they would have it.`),
        h("p", { class: "row tight" }, button("Go there", () => this.toTick(axis, index), { kind: "quiet" }), button(`Move it to ${fixed(px, 1)} px`, () => set({ px }, "Tick moved.")), value === null ? null : button(`It says ${short(value, 6)}`, () => set({ value }, `Tick set to ${value}.`))));
    });
  }

  verdict(count, panel) {
    count += this.astray(panel).length;
    if (count) return `${plural(count, "place asks", "places ask")} for a look.`;
    const weak = this.weakRows(panel).length;
    return weak ? `${plural(weak, "part is", "parts are")} less sure.` : "Nothing asks for a look.";
  }

  /** Parts that were read without much confidence, though nothing speaks against them: what, how sure, how to go there. */
  weakRows(panel) {
    if (!panel || panel.draft) return [];
    const cells = (panel.at_risk?.cells ?? []).filter((cell) => cell.n_risk === null || ["fair", "unsure"].includes(grade(cell.confidence))).map((cell) => [`${cell.arm} at ${short(cell.time, 4)}: ${cell.n_risk ?? "empty"}`, cell.n_risk === null ? "unsure" : grade(cell.confidence), () => this.toCell(cell)]);
    const arms = panel.arms.filter((arm) => ["fair", "unsure"].includes(grade(arm.confidence))).map((arm) => [`The curve of ${arm.name}`, grade(arm.confidence), () => this.bench.figure.chooseArm(arm.name)]);
    const ticks = ["time", "vertical"].flatMap((axis) => panel.axes[axis].ticks.map((tick, index) => [`Tick ${short(tick.value, 6)} of the ${axis} axis`, tick.expected ? "sure" : tickGrade(tick), () => this.toTick(axis, index)])).filter((row) => row[1] !== "sure");
    return [...arms, ...ticks, ...cells];
  }

  weakPlaces() {
    const rows = this.weakRows(this.bench.figure.panel);
    if (!rows.length) return null;
    return h("details", { class: "notes", open: rows.length < 9 }, h("summary", {}, `${plural(rows.length, "part")} read with less confidence`), h("ul", { class: "weak" }, rows.map(([text, sure, does], index) => h("li", {}, h("button", { type: "button", class: "quiet", data: { keep: `weak-${index}` }, onclick: does }, h("span", { class: `grade ${sure}` }, text))))));
  }

  toCell(cell) {
    if (cell.box) this.bench.visit(cell.box);
    this.bench.openCell(cell);
  }

  toTick(axis, index) {
    const thing = things(this.bench.figure.panel, null, "tick").find((one) => one.axis === axis && one.index === index);
    this.bench.visit([thing.x - 20, thing.y - 20, thing.x + 20, thing.y + 20]);
    this.bench.select(thing);
  }

  nextSteps(panel) {
    if (!panel) return null;
    const { side } = this.bench;
    if (panel.draft) return null;
    return h("div", { class: "next-steps" }, h("h2", {}, "Then"), h("p", { class: "row" }, panel.at_risk ? button("Check the numbers at risk", () => side.choose("risk")) : button("Type the numbers at risk", () => side.choose("risk")), button("See the result", () => side.choose("result"), { kind: "main" })));
  }

  item(flag, index) {
    const isHere = index === this.at;
    return h("li", {}, h("button", { type: "button", class: `doubt-item ${flag.needs_review ? "needs" : ""} ${isHere ? "here" : ""}`, "aria-current": isHere ? "true" : null, data: { keep: `doubt-${index}` }, onclick: () => this.go(index) },
      h("b", {}, flag.meaning), flag.detail ? h("span", {}, flag.detail) : null, h("small", {}, `${flag.place} · look at ${flag.look_at.replace(" in overlay.png", "")}`)));
  }

  edits() {
    const { view } = this.bench.figure;
    if (!view.edits.length) return null;
    const drop = (index) => this.bench.figure.replaceEdits(view.edits.filter((_, k) => k !== index));
    return h("details", { class: "notes" }, h("summary", {}, `${plural(view.edits.length, "change")} by hand`), h("ol", { class: "changes" }, view.edit_labels.map((label, index) => h("li", {}, h("span", {}, label), h("button", { type: "button", class: "quiet", title: "Take this change back", "aria-label": `Take back: ${label}`, data: { keep: `change-${index}` }, onclick: () => drop(index) }, "✕")))),
      view.command ? h("p", { class: "soft" }, "The same without this page: ", h("code", {}, view.command)) : null);
  }

  again() {
    const { folder } = this.bench.figure.view;
    return h("div", {}, folder ? h("p", { class: "soft kept" }, "Everything is kept in the folder ", h("code", {}, folder), ", beside the figure; each change at once.") : null, h("p", { class: "row" }, button("Read anew", () => this.bench.read(), { kind: "quiet", title: "Read the file anew, with the changes by hand" })));
  }
}
