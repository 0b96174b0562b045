// The numbers that the paper prints, typed in; whether the rebuilt patients agree is told at once.

import { ask } from "../api.js";
import { complain, say } from "../announce.js";
import { button, fill, h } from "../dom.js";
import { short } from "../numbers.js";

const NAMES = { hr: "Hazard ratio", median: "Median", survival: "Survival at a time", events: "Events", n: "Patients", n_risk: "Number at risk", logrank_p: "Log-rank p" };
const FIELDS = { hr: ["value", "ci_low", "ci_high", "p"], median: ["value", "ci_low", "ci_high"], survival: ["time", "value", "ci_low", "ci_high"], events: ["value"], n: ["value"], n_risk: ["time", "value"], logrank_p: ["value"] };
const LABELS = { value: "value", ci_low: "CI low", ci_high: "CI high", p: "p", time: "time" };
const SIGNS = { agrees: "✓", differs: "≠", "cannot be judged": "?" };
const WORDS = { agrees: "good", differs: "bad", "cannot be judged": "soft" };

export class Reported {
  constructor(bench, rebuilt) {
    this.bench = bench;
    this.rebuilt = rebuilt;
    this.rows = null;
    this.answer = null;
    this.list = h("ul", { class: "reported" });
    this.sum = h("p", { class: "agreement", role: "status" });
    this.element = h("section", {}, h("h2", {}, "What the paper reports"), this.sum, this.list, h("p", { class: "row" }, Object.entries({ hr: "hazard ratio", median: "median", survival: "survival", events: "events" }).map(([quantity, label]) => button(`+ ${label}`, () => this.add(quantity), { kind: "quiet" }))));
  }

  async renew() {
    const { figure } = this.bench;
    const names = figure.arms.map((arm) => arm.name);
    try {
      if (!this.rows || this.of !== figure.panelName) {
        this.of = figure.panelName;
        const stored = (await ask("GET", figure.path("/reported"), { query: figure.query })).rows;
        this.rows = [...stored, ...(this.rows ?? []).filter((row) => row.isFresh)];
      }
      for (const row of this.rows) for (const key of ["arm", "reference"]) if (row[key] && !names.includes(row[key]) && this.seen?.[names.length === this.seen.length ? this.seen.indexOf(row[key]) : -1]) row[key] = names[this.seen.indexOf(row[key])];
      const hasRenamed = this.seen && this.seen.join("\n") !== names.join("\n");
      this.seen = names;
      if (hasRenamed && this.full.length) await this.store();
      else if (this.full.length) this.answer = await ask("GET", figure.path("/agreement"), { query: figure.query });
      else this.answer = null;
    } catch (error) {
      this.answer = { error: error.message };
    }
    this.show();
  }

  /** Rows that say something. */
  get full() {
    return (this.rows ?? []).filter((row) => String(row.value ?? "").trim());
  }

  async add(quantity) {
    const comparison = (await this.rebuilt())?.comparison;
    const [first, second] = this.bench.figure.arms.map((one) => one.name);
    const arm = quantity === "hr" ? (comparison?.treatment ?? second) : this.bench.figure.armName;
    this.rows = [...(this.rows ?? []), { isFresh: true, panel: this.bench.figure.panelName, quantity, arm: arm ?? "", reference: quantity === "hr" ? (comparison?.reference ?? first ?? "") : "", time: "", value: "", ci_low: "", ci_high: "", p: "" }];
    this.show();
    this.list.lastElementChild?.querySelector("input")?.focus();
  }

  /** One after the other, so that the last word is the last one stored. */
  store() {
    this.storing = (this.storing ?? Promise.resolve()).then(() => this.storeNow());
    return this.storing;
  }

  async storeNow() {
    const { figure } = this.bench;
    try {
      this.answer = await ask("PUT", figure.path("/reported"), { query: figure.query, body: { rows: this.full.map(({ isFresh, ...row }) => row) } });
      const { counts } = this.answer;
      for (const row of this.full) delete row.isFresh;
      if (counts) say(`${counts.agrees} agree, ${counts.differs} differ.`);
    } catch (error) {
      this.answer = { error: error.message };
    }
    this.showVerdicts();
  }

  show() {
    fill(this.list, (this.rows ?? []).map((row, index) => this.item(row, index)));
    this.showVerdicts();
  }

  item(row, index) {
    const names = this.bench.figure.arms.map((arm) => arm.name);
    const set = (key) => (event) => {
      row[key] = event.target.value;
      this.store();
    };
    const pick = (key, label) => h("select", { "aria-label": label, onchange: set(key), data: { keep: `r${index}-${key}` } }, ["", ...names].map((name) => h("option", { value: name, selected: name === (row[key] ?? "") }, name || "–")));
    const box = (key) => h("label", {}, h("span", {}, LABELS[key]), h("input", { value: row[key] ?? "", size: 5, autocomplete: "off", "aria-label": `${NAMES[row.quantity]} ${LABELS[key]}`, onchange: set(key), data: { keep: `r${index}-${key}` } }));
    const arms = row.quantity === "hr" || row.quantity === "logrank_p" ? [pick("arm", "Treatment"), h("span", {}, "against"), pick("reference", "Reference")] : [pick("arm", "Arm")];
    const remove = () => {
      this.rows.splice(index, 1);
      this.show();
      this.store();
    };
    return h("li", {}, h("div", { class: "row tight" }, h("b", {}, NAMES[row.quantity] ?? row.quantity), arms, h("button", { type: "button", class: "quiet", "aria-label": "Remove this number", onclick: remove }, "✕")), h("div", { class: "row tight" }, (FIELDS[row.quantity] ?? ["value"]).map(box)), h("p", { class: "verdict" }));
  }

  showVerdicts() {
    const { answer } = this;
    const said = new Map(this.full.map((row, k) => [row, answer?.rows?.[k]]));
    if (answer?.error) fill(this.sum, h("span", { class: "bad" }, answer.error));
    else if (answer?.counts && this.full.length) fill(this.sum, ["agrees", "differs", "cannot be judged"].filter((name) => answer.counts[name]).map((name) => h("span", { class: `grade-word ${WORDS[name]}` }, `${SIGNS[name]} ${answer.counts[name]} ${name === "cannot be judged" ? name : name.replace(/s$/, answer.counts[name] === 1 ? "s" : "")} `)));
    else fill(this.sum, h("span", { class: "soft" }, "Type a number of the paper; whether the rebuilt patients agree is told at once."));
    [...this.list.children].forEach((item, index) => {
      const row = said.get(this.rows[index]);
      const words = item.querySelector(".verdict");
      if (!row) fill(words);
      else fill(words, h("b", { class: WORDS[row.verdict] ?? "soft" }, `${SIGNS[row.verdict] ?? ""} ${row.verdict}`), ` rebuilt ${short(row.reconstructed, 3)}`, row.why ? h("small", {}, ` ${row.why}`) : null);
    });
  }
}

export { complain };
