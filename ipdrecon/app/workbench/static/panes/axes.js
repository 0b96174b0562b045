// The axes in tables: every tick with its place, its value, and how far it lies off the straight scale.

import { tickGrade, word } from "../confidence.js";
import { button, choice, field, h } from "../dom.js";
import { fixed, short, typed } from "../numbers.js";
import { SCALES } from "../scale.js";
import { axisEdit, removeEdits } from "../things.js";
import { tell } from "../announce.js";

const UNITS = ["days", "weeks", "months", "years"];

export class AxesPane {
  constructor(bench) {
    this.bench = bench;
    this.isOpen = false; // the list of panels
  }

  get badge() {
    const { panel } = this.bench.figure;
    if (!panel || panel.draft) return 0;
    return ["time", "vertical"].flatMap((axis) => panel.axes[axis].ticks).filter((tick) => tickGrade(tick) !== "sure").length;
  }

  parts() {
    const { figure } = this.bench;
    const { panel } = figure;
    if (!panel) return [];
    const unit = h("input", { value: panel.axes.time.unit ?? "", list: "units", placeholder: "months", autocomplete: "off", data: { keep: "unit" } });
    unit.addEventListener("change", () => unit.value.trim() && figure.edit([{ edit: "unit", unit: unit.value.trim() }], `Time is in ${unit.value}.`));
    const scale = choice(SCALES, panel.axes.vertical.scale ?? "survival", (name) => figure.edit([{ edit: "scale", scale: name }], "The vertical axis is set."), { data: { keep: "scale" } });
    return [
      this.panels(),
      h("h2", {}, "Time axis"), this.table("time"), field("Unit of time", unit), h("datalist", { id: "units" }, UNITS.map((name) => h("option", { value: name }))),
      h("h2", {}, "Vertical axis"), this.table("vertical"), field("It shows", scale),
      h("p", { class: "row" }, button("Add a tick", () => this.bench.use("tick"), { key: "T" }), button("Draw the box anew", () => this.bench.use("box"), { key: "B" })),
    ];
  }

  /** Panels of the figure: their names, one too many, one that was not found. */
  panels() {
    const { figure } = this.bench;
    const { panels } = figure.view;
    const item = (panel) => {
      const name = h("input", { value: panel.panel, "aria-label": `Name of panel ${panel.panel}`, maxlength: 40, data: { keep: `panel-${panel.panel}` } });
      name.addEventListener("change", () => name.value.trim() && figure.edit([{ edit: "rename_panel", panel: panel.edit_panel, name: name.value.trim() }], "The panel is renamed."));
      return h("li", { class: "row tight" }, name, panels.length > 1 ? h("button", { type: "button", class: "quiet danger", "aria-label": `Leave panel ${panel.panel} out`, title: "Leave this panel out", onclick: () => figure.edit([{ edit: "delete_panel", panel: panel.edit_panel }], "The panel is left out.") }, "✕") : null);
    };
    return h("details", { class: "notes first", open: this.isOpen, ontoggle: (event) => { this.isOpen = event.target.open; } }, h("summary", {}, panels.length > 1 ? `${panels.length} panels` : "One panel"), h("ul", {}, panels.map(item)), h("p", { class: "row" }, button("Add a panel that was not found", () => this.addPanel(), { kind: "quiet" })));
  }

  addPanel() {
    const { bench } = this;
    const names = bench.figure.view.panels.map((panel) => panel.panel);
    const name = [..."ABCDEFGHIJKL"].find((letter) => !names.includes(letter)) ?? `${names.length + 1}`;
    bench.use("box", { then: (box) => {
      bench.use("mend");
      bench.figure.edit([{ edit: "add_panel", panel: name, box }], `Panel ${name} is added.`);
    } });
  }

  table(axis) {
    const { panel } = this.bench.figure;
    const rows = panel.axes[axis].ticks.map((tick, index) => this.row(axis, tick, index));
    return h("table", { class: "ticks" }, h("caption", { class: "unseen" }, `Ticks of the ${axis} axis`), h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Value"), h("th", { scope: "col" }, "px"), h("th", { scope: "col" }, "off"), h("th", { scope: "col" }, h("span", { class: "unseen" }, "Remove")))), h("tbody", {}, rows));
  }

  row(axis, tick, index) {
    const { figure } = this.bench;
    const { panel } = figure;
    const set = (name, box, was) => {
      const value = typed(box.value);
      if (box.value === was) return;
      if (Number.isNaN(value)) {
        tell(`“${box.value}” is no number.`, { seconds: 3 });
        box.value = was;
      } else figure.edit(() => [axisEdit(figure.panel, axis, index, { [name]: value })], `Tick set to ${value}.`);
    };
    const input = (name, was) => {
      const box = h("input", { value: was, inputmode: "decimal", autocomplete: "off", "aria-label": `${name === "px" ? "px" : "value"} of tick ${index + 1} of the ${axis} axis`, data: { keep: `${axis}-${index}-${name}` }, onfocus: () => this.visit(axis, tick) });
      box.addEventListener("change", () => set(name, box, was));
      return box;
    };
    const remove = () => {
      const edits = removeEdits(panel, { kind: "tick", axis, index });
      if (edits) figure.edit(edits, "Tick taken away.");
      else tell("An axis needs two ticks.");
    };
    const grade = tickGrade(tick);
    return h("tr", { class: grade }, h("td", {}, input("value", short(tick.value, 8))), h("td", {}, input("px", fixed(tick.px, 1))), h("td", { class: `grade ${grade}`, title: word(grade) }, tick.used === false ? "left out" : fixed(tick.off, 2)), h("td", {}, h("button", { type: "button", class: "quiet", "aria-label": `Remove the tick ${short(tick.value, 8)}`, onclick: remove }, "✕")));
  }

  visit(axis, tick) {
    const box = this.bench.figure.panel.box ?? [0, 0, 0, 0];
    const place = axis === "time" ? [tick.px, box[3]] : [box[0], tick.px];
    this.bench.drawing.select({ kind: "tick", axis, x: place[0], y: place[1] });
    this.bench.loupe.show(place);
  }
}
