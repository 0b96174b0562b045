// The arms: their names, and what may be wrong with them as a whole.

import { tell } from "../announce.js";
import { grade, word } from "../confidence.js";
import { askText } from "../dialog.js";
import { button, choice, field, h, s } from "../dom.js";
import { armInk } from "../drawing.js";
import { plural, short } from "../numbers.js";

export class ArmsPane {
  constructor(bench) {
    this.bench = bench;
    this.inks = null;
  }

  renew() {
    this.inks = null;
  }

  parts() {
    const { figure } = this.bench;
    if (!figure.panel) return [];
    const count = h("input", { type: "number", min: 0, max: 12, value: figure.arms.length, data: { keep: "count" } });
    count.addEventListener("change", () => figure.edit([{ edit: "arms", count: Number(count.value) }], "The number of curves is set."));
    return [
      h("ul", { class: "arms" }, figure.arms.map((arm, index) => this.item(arm, index))),
      h("p", { class: "row" }, button("Add an arm by a stroke", () => this.add(), { kind: "main" })),
      h("details", { class: "notes", open: this.inks !== null }, h("summary", {}, "A curve is missing, or something else was taken for one"), field("Read it anew with so many curves", count, { hint: "0 where all curves are to be drawn by hand." }), this.colours()),
    ];
  }

  /** The colours of the curves: what has none of them is no curve. */
  colours() {
    const { bench } = this;
    const inks = this.inks ?? [...new Set(bench.figure.arms.map((arm) => arm.colour))];
    const set = (list) => {
      this.inks = list;
      bench.side.show();
    };
    const chip = (ink, index) => h("li", { class: "row tight" }, s("svg", { class: "chip", viewBox: "0 0 30 16", "aria-hidden": "true" }, s("rect", { width: 30, height: 16, fill: ink })), h("code", {}, ink), h("button", { type: "button", class: "quiet", "aria-label": `Leave the colour ${ink} out`, data: { keep: `ink-${index}` }, onclick: () => set(inks.filter((one) => one !== ink)) }, "✕"));
    const take = () => bench.use("colour", { then: (ink) => {
      bench.use("mend");
      set([...new Set([...inks, ink])]);
    } });
    const read = () => bench.figure.edit([{ edit: "colours", colours: inks.map(channels) }], "The curves are read anew by their colours.");
    return h("section", {}, h("h3", {}, "Colours of the curves"), h("p", { class: "soft" }, "What has none of these colours is no curve."), h("ul", { class: "inks" }, inks.map(chip)), h("p", { class: "row" }, button("Take a colour from the figure", take, { kind: "quiet" }), button("Read by these colours", read, { disabled: !this.inks?.length })));
  }

  item(arm, index) {
    const { figure } = this.bench;
    const isChosen = arm.name === figure.armName;
    const name = h("input", { value: arm.name, "aria-label": `Name of arm ${index + 1}`, autocomplete: "off", maxlength: 200, data: { keep: `name-${index}` }, onfocus: () => !isChosen && setTimeout(() => figure.chooseArm(arm.name)) });
    name.addEventListener("change", () => this.rename(arm, name));
    const sure = grade(arm.confidence);
    const head = h("div", { class: "arm-head" }, h("button", { type: "button", class: `swatch ${armInk(figure.panel, arm.name)}`, "aria-pressed": String(isChosen), "aria-label": `Choose ${arm.name}`, title: `Choose this arm (${index + 1})`, data: { keep: `swatch-${index}` }, onclick: () => figure.chooseArm(arm.name) }, String(index + 1)), name);
    const facts = h("p", { class: "soft" }, h("span", { class: `grade ${sure}` }, word(sure)), ` ${plural(Math.max(0, arm.points.length - 2), "drop")}, ${plural(arm.marks.length, "censor mark")}, to ${short(arm.points.at(-1)?.[0], 4)}`);
    return h("li", { class: isChosen ? "chosen" : "" }, head, facts, isChosen ? this.actions(arm) : null);
  }

  actions(arm) {
    const { figure } = this.bench;
    const others = figure.arms.map((one) => one.name).filter((name) => name !== arm.name);
    const act = (edits, said) => figure.edit(edits, said);
    const merge = others.length ? choice([["", "Join its later part …"], ...others], "", (into) => into && act([{ edit: "merge_arms", arm: into, into: arm.name }], `${into} is the later part of ${arm.name}.`), { "aria-label": "Join the later part of this arm, read as another arm" }) : null;
    const rows = others.length && figure.panel.at_risk ? choice([["", "Exchange rows with …"], ...others], "", (other) => other && act([{ edit: "tie", arms: [arm.name, other] }], "The rows have changed places."), { "aria-label": "The row of numbers at risk belongs to another arm" }) : null;
    const clear = arm.marks.length ? button("Remove all marks", () => act([{ edit: "marks", arm: arm.name, clear: true }], "All marks are gone."), { kind: "quiet" }) : null;
    return h("div", { class: "actions" }, merge, rows, button("Split in two", () => this.split(arm), { kind: "quiet", title: "A second arm that begins as a copy" }), clear, button("Give a stretch away", () => this.bench.use("stretch"), { kind: "quiet", key: "R" }), button("Delete", () => act([{ edit: "delete_arm", arm: arm.name }], `${arm.name} is deleted.`), { kind: "quiet danger" }));
  }

  rename(arm, input) {
    const name = input.value.trim();
    if (!name || name === arm.name) return;
    const { figure } = this.bench;
    if (this.taken(name)) {
      tell(this.taken(name));
      input.value = arm.name;
      return;
    }
    if (figure.armName === arm.name) figure.armName = name;
    figure.edit([{ edit: "rename_arm", arm: arm.name, name }], `Renamed to ${name}.`);
  }

  /** What is wrong with a name that another arm has; nothing otherwise. */
  taken(name) {
    return this.bench.figure.arms.some((one) => one.name === name) ? `There is an arm ${name} already.` : "";
  }

  freeName() {
    let number = this.bench.figure.arms.length + 1;
    while (this.taken(`arm ${number}`)) number += 1;
    return `arm ${number}`;
  }

  async split(arm) {
    const name = await askText("Split in two", "Name of the second arm", `${arm.name} 2`, (text) => this.taken(text));
    if (name) this.bench.figure.edit([{ edit: "split_arm", arm: arm.name, name }], `${name} begins as a copy.`);
  }

  add() {
    const { bench } = this;
    bench.use("stroke", { hint: "Draw roughly along the curve of the new arm, from its beginning to its end; it snaps to the ink, whatever its colour.", then: async (found) => {
      bench.use("mend");
      const name = await askText("A new arm", "Its name", this.freeName(), (text) => this.taken(text));
      if (name) bench.figure.edit([newArm(name, found)], `${name} is added.`);
    } });
  }
}

const channels = (ink) => [1, 3, 5].map((at) => parseInt(ink.slice(at, at + 2), 16));

/** The edit that adds an arm from what lay under a stroke. */
export const newArm = (name, { points, data, colour }) => ({ edit: "add_arm", name, ...(data?.length ? { points: data.map(([time, survival]) => [Math.max(0, time), Math.min(1, Math.max(0, survival))]) } : { points, unit: "px" }), ...(Array.isArray(colour) ? { colour } : {}) });
