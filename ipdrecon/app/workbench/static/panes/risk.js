// The numbers at risk, each beside what the figure prints there.

import { say, tell } from "../announce.js";
import { grade } from "../confidence.js";
import { button, field, h } from "../dom.js";
import { armInk } from "../drawing.js";
import { short, typed, typedCount, typedList } from "../numbers.js";

const CROP = [66, 26];
const COUNTS = { n_censored: ["censored", "c"], n_event: ["events", "e"] };

export class RiskPane {
  constructor(bench) {
    this.bench = bench;
    this.wanted = new Set();
  }

  get badge() {
    return this.bench.figure.panel?.at_risk?.cells.filter((cell) => cell.n_risk === null || grade(cell.confidence) === "unsure").length ?? 0;
  }

  parts() {
    const { panel } = this.bench.figure;
    if (!panel) return [];
    if (!panel.at_risk) return [h("p", {}, "No table of numbers at risk was found in this figure. Where it prints one, type it here; it makes the rebuilt patients far surer."), newTable(this.bench)];
    const counts = Object.keys(COUNTS).filter((name) => this.isPrinted(name)).map((name) => `${COUNTS[name][1]} ${COUNTS[name][0]}`);
    return [h("p", { class: "soft" }, `Compare each number with its picture. Enter says that it is right and goes down; an empty field empties the cell.${counts.length ? ` Beside it ${counts.join(", ")} up to that time.` : ""}`), this.grid(panel), this.more(panel)];
  }

  grid(panel) {
    const { times, arms, cells } = panel.at_risk;
    const head = h("tr", {}, h("th", { scope: "col" }, "Time"), arms.map((arm) => h("th", { scope: "col" }, h("span", { class: `dot ${armInk(panel, arm)}` }), arm)));
    const rows = times.map((time, row) => h("tr", {}, h("th", { scope: "row" }, short(time, 4)), arms.map((arm, column) => this.cell(cells.find((cell) => cell.arm === arm && cell.time === time), row, column))));
    return h("div", { class: "scroll" }, h("table", { class: "risk" }, h("caption", { class: "unseen" }, "Numbers at risk"), h("thead", {}, head), h("tbody", {}, rows)));
  }

  cell(cell, row, column) {
    if (!cell) return h("td", {});
    const was = cell.n_risk === null ? "" : String(cell.n_risk);
    const input = h("input", { value: was, inputmode: "numeric", autocomplete: "off", "aria-label": `${cell.arm} at ${short(cell.time, 4)}`, data: { keep: `cell-${row}-${column}`, row, column }, onfocus: () => this.visit(cell, input) });
    input.addEventListener("change", () => this.store(cell, input, was));
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && input.value === was && was && cell.confidence !== null && grade(cell.confidence) !== "sure") this.store(cell, input, was);
      this.walk(event, row, column);
    });
    return h("td", { class: `grade ${cell.n_risk === null ? "unsure" : grade(cell.confidence)}` }, this.crop(cell), input, this.others(cell, row, column));
  }

  /** Further counts of a cell, where the table prints any: censored patients and events up to that time. */
  others(cell, row, column) {
    const names = Object.keys(COUNTS).filter((name) => this.isPrinted(name));
    const item = (name) => {
      const was = cell[name] === null || cell[name] === undefined ? "" : String(cell[name]);
      const [word, sign] = COUNTS[name];
      const input = h("input", { value: was, inputmode: "numeric", autocomplete: "off", "aria-label": `${word} of ${cell.arm} up to ${short(cell.time, 4)}`, data: { keep: `${name}-${row}-${column}` }, onfocus: () => this.visit(cell, input) });
      input.addEventListener("change", () => this.store(cell, input, was, name));
      return h("label", { title: word }, sign, input);
    };
    return names.length ? h("span", { class: "counts" }, names.map(item)) : null;
  }

  isPrinted(name) {
    const { cells } = this.bench.figure.panel.at_risk;
    return this.wanted.has(name) || cells.some((cell) => cell[name] !== null && cell[name] !== undefined);
  }

  /** What the figure prints there, cut out of the picture that is here already. */
  crop(cell) {
    const canvas = h("canvas", { width: 2 * CROP[0], height: 2 * CROP[1], "aria-hidden": "true" });
    const { image } = this.bench;
    if (!cell.box || !image) return canvas;
    const [left, top, right, bottom] = cell.box;
    const height = Math.max(bottom - top + 6, ((right - left + 8) * CROP[1]) / CROP[0]);
    const width = (height * CROP[0]) / CROP[1];
    const pen = canvas.getContext("2d");
    pen.imageSmoothingQuality = "high";
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(image, (left + right - width) / 2 + 0.5, (top + bottom - height) / 2 + 0.5, width, height, 0, 0, canvas.width, canvas.height);
    return canvas;
  }

  visit(cell, input) {
    input.select();
    if (!cell.box) return this.bench.drawing.select(null);
    const [left, top, right, bottom] = cell.box;
    const place = [(left + right) / 2, (top + bottom) / 2];
    this.bench.drawing.select({ kind: "cell", x: place[0], y: place[1] });
    return this.bench.sheet.reveal(place);
  }

  store(cell, input, was, name = "n_risk") {
    const count = typedCount(input.value);
    if (Number.isNaN(count)) {
      tell(`“${input.value}” is no number of people: 0, 1, 2, …, or nothing.`);
      input.value = was;
      return;
    }
    this.bench.figure.edit([{ edit: "cell", arm: cell.arm, time: cell.time, [name]: count }], `${cell.arm} at ${short(cell.time, 4)}: ${COUNTS[name] ? `${COUNTS[name][0]} ` : ""}${count ?? "empty"}.`);
  }

  walk(event, row, column) {
    const by = { Enter: [1, 0], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    if (!by) return;
    event.preventDefault();
    const next = this.bench.side.body.querySelector(`input[data-row="${row + by[0]}"][data-column="${column}"]`) ?? (by[0] > 0 ? this.bench.side.body.querySelector(`input[data-row="0"][data-column="${column + 1}"]`) : null);
    if (next) next.focus();
    else event.target.blur();
  }

  focusCell(cell) {
    const { times, arms } = this.bench.figure.panel.at_risk;
    this.bench.side.body.querySelector(`input[data-row="${times.indexOf(cell.time)}"][data-column="${arms.indexOf(cell.arm)}"]`)?.focus();
  }

  more(panel) {
    const times = h("input", { value: panel.at_risk.times.map((time) => short(time, 6)).join(" "), data: { keep: "times" } });
    times.addEventListener("change", () => {
      const list = typedList(times.value).map(typed);
      if (list.some(Number.isNaN)) tell("The times are not all numbers.");
      else this.bench.figure.edit([{ edit: "times", time: list }], "The times are set.");
    });
    const clear = () => this.bench.figure.edit([{ edit: "clear_table" }], "The table is gone.").then(() => say("The table is gone; undo brings it back."));
    return h("details", { class: "notes" }, h("summary", {}, "Times, rows, the whole table"), field("Times of the columns", times), this.furtherCounts(), this.rowSwap(panel), newTable(this.bench, panel), h("p", {}, button("This is no such table: clear it", clear, { kind: "quiet danger" })));
  }

  furtherCounts() {
    const missing = Object.keys(COUNTS).filter((name) => !this.isPrinted(name));
    const add = (name) => {
      this.wanted.add(name);
      this.bench.side.show();
    };
    return missing.length ? h("p", { class: "row" }, missing.map((name) => button(`It prints ${COUNTS[name][0]} too`, () => add(name), { kind: "quiet" }))) : null;
  }

  rowSwap(panel) {
    const { arms } = panel.at_risk;
    if (arms.length !== 2) return h("p", { class: "soft" }, "Rows that belong to other arms change places under Arms.");
    return h("p", {}, button(`${arms[0]} and ${arms[1]} have each other's numbers`, () => this.bench.figure.edit([{ edit: "tie", arms }], "The rows have changed places."), { kind: "quiet" }));
  }
}

/** Fields for a whole table: times, and a line of numbers for each arm. */
export function newTable(bench, panel = bench.figure.panel, onDone = null) {
  const known = panel.at_risk;
  const times = h("input", { value: known ? known.times.map((time) => short(time, 6)).join(" ") : "", placeholder: "0 12 24 36", autocomplete: "off", data: { keep: "all-times" } });
  const rows = panel.arms.map((arm, index) => h("input", { placeholder: "120 98 71 30", autocomplete: "off", data: { keep: `all-${index}` } }));
  const store = async (event) => {
    event.preventDefault();
    const at = typedList(times.value).map(typed);
    const edits = rows.map((row, index) => ({ edit: "row", arm: panel.arms[index].name, time: at, n_risk: typedList(row.value).map(typedCount) })).filter((edit) => edit.n_risk.length);
    const wrong = edits.find((edit) => edit.n_risk.length !== at.length || edit.n_risk.some(Number.isNaN));
    if (!at.length || at.some(Number.isNaN) || !edits.length) return tell("Give the times and at least one row, as numbers parted by spaces.");
    if (wrong) return tell(`The row of ${wrong.arm} has ${wrong.n_risk.length} entries; expected ${at.length} whole numbers, one for each time. A dash leaves one out.`);
    const isDone = await bench.figure.edit(edits, "The table is stored.");
    return isDone && onDone?.();
  };
  return h("form", { class: "new-table", onsubmit: store }, field("Times", times), panel.arms.map((arm, index) => field(arm.name, rows[index])), h("button", { class: "main" }, known ? "Replace the table" : "Store the table"));
}
