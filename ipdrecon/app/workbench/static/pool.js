// Pooling: which trials, how, and what comes out, anew after each choice.

import { ask, link } from "./api.js";
import { complain, say } from "./announce.js";
import { button, choice, field, fill, h } from "./dom.js";
import { listenForKeys, showKeys } from "./keys.js";
import { fixed, interval, pValue, plural } from "./numbers.js";

const MODELS = [["REML", "random effects, REML"], ["PM", "random effects, Paule-Mandel"], ["DL", "random effects, DerSimonian-Laird"], ["ML", "random effects, ML"]];
const INTERVALS = [["hk-adhoc", "Hartung-Knapp, never narrower"], ["hk", "Hartung-Knapp"], ["z", "normal"]];
const MEASURES = [["HR", "hazard ratio"], ["RR", "risk ratio"], ["OR", "odds ratio"]];
const BLANK = { study: "", ratio: "", ci_low: "", ci_high: "" };

export class Pool {
  constructor() {
    this.ends = new AbortController();
    this.settings = { outcome: "", measure: "HR", tau2: "REML", ci: "hk-adhoc", by: null };
    this.own = [];
    this.taken = new Map();
    this.result = h("div", { class: "pooled" });
    this.table = h("div", {});
    this.warned = h("div", {});
  }

  leave() {
    this.isGone = true;
    this.ends.abort();
  }

  async open(main, top) {
    document.title = "Pool · ipdrecon workbench";
    listenForKeys(this.ends.signal);
    fill(top, h("a", { href: "#/", class: "home" }, "Figures"), h("span", { class: "slash" }, "/"), h("h1", {}, "Pool"), h("span", { class: "grow" }), button("Keys", showKeys, { kind: "quiet keyed", key: "?", title: "All keys" }));
    const set = (key) => (value) => {
      this.settings[key] = value || null;
      this.pool();
    };
    const outcome = h("input", { placeholder: "overall survival", autocomplete: "off", onchange: (event) => set("outcome")(event.target.value) });
    const by = h("input", { placeholder: "no subgroups", autocomplete: "off", onchange: (event) => { this.settings.by = event.target.value.trim() || null; this.showRows(); this.pool(); } });
    const controls = h("div", { class: "controls" }, field("Outcome", outcome), field("Measure", choice(MEASURES, "HR", set("measure"))), field("Model", choice(MODELS, "REML", set("tau2"))), field("Interval", choice(INTERVALS, "hk-adhoc", set("ci"))), field("Subgroups by", by, { hint: "Any word: it becomes a column." }));
    fill(main, h("div", { class: "page pool" }, controls, h("section", {}, h("h2", {}, "Trials"), this.table, this.warned), h("section", {}, this.result)));
    fill(this.table, h("p", { class: "soft" }, "Looking through the figures …"));
    try {
      this.rows = (await ask("GET", "pool/rows")).rows;
    } catch (error) {
      this.rows = [];
      complain(error);
    }
    const seen = new Set();
    for (const row of this.rows) {
      const isFirst = row.source === "reconstructed" && !seen.has(row.figure); // patients count once
      this.taken.set(row, isFirst);
      if (isFirst) seen.add(row.figure);
    }
    this.showRows();
    await this.pool();
  }

  showRows() {
    const { by } = this.settings;
    const head = ["", "Study", "Comparison", "From", "Ratio", "95% CI", ...(by ? [by] : []), ""];
    const subgroup = (row) => (by ? h("td", {}, h("input", { value: row[by] ?? "", "aria-label": `${by} of ${row.study}`, onchange: (event) => { row[by] = event.target.value.trim(); this.pool(); } })) : null);
    const found = this.rows.map((row, index) => h("tr", {}, h("td", {}, h("input", { type: "checkbox", checked: this.taken.get(row), "aria-label": `Take ${row.study}, ${row.treatment}, ${row.source}`, data: { keep: `take-${index}` }, onchange: (event) => { this.taken.set(row, event.target.checked); this.pool(); } })),
      h("td", {}, h("input", { value: row.study ?? row.name, "aria-label": "Study", onchange: (event) => { row.study = event.target.value.trim(); this.pool(); } })), h("td", {}, `${row.treatment || "?"} against ${row.reference || "?"} `, row.treatment && row.reference ? h("button", { type: "button", class: "quiet turn", title: "Change places: treatment and reference", "aria-label": `Turn: ${row.reference} against ${row.treatment}`, data: { keep: `turn-${index}` }, onclick: () => this.turn(index) }, "⇄") : null, this.whence(row)), h("td", {}, row.source), h("td", { class: "n" }, fixed(row.hr, 2)), h("td", { class: "n" }, interval(row.ci ?? [row.ci_low, row.ci_high])), subgroup(row), h("td", {}, row.figure ? h("a", { href: `#/figure/${row.figure}` }, "figure") : null)));
    const typed = this.own.map((row, index) => h("tr", {}, h("td", {}), ["study"].map((key) => this.ownCell(row, key, "Study")), h("td", { class: "soft" }, "typed by hand"), h("td", {}), this.ownCell(row, "ratio", "Ratio"), h("td", { class: "two-cells" }, this.ownInput(row, "ci_low", "CI low"), " to ", this.ownInput(row, "ci_high", "CI high")), subgroup(row), h("td", {}, h("button", { type: "button", class: "quiet", "aria-label": `Remove ${row.study || "this row"}`, onclick: () => { this.own.splice(index, 1); this.showRows(); this.pool(); } }, "✕"))));
    fill(this.table, h("div", { class: "scroll" }, h("table", { class: "trials" }, h("thead", {}, h("tr", {}, head.map((name) => h("th", { scope: "col", class: ["Ratio", "95% CI"].includes(name) ? "n" : null }, name)))), h("tbody", {}, found, typed))), h("p", { class: "row" }, button("+ a trial by hand", () => this.addOwn())));
  }

  /** The endpoint of a row, and its panel where its figure has several. */
  whence(row) {
    const hasSeveral = this.rows.some((one) => one.figure === row.figure && one.panel !== row.panel);
    const words = [row.endpoint, hasSeveral && `panel ${row.panel}`].filter(Boolean).join(", ");
    return words ? h("small", {}, words) : null;
  }

  /** Let treatment and reference of a row change places. */
  turn(index) {
    const row = this.rows[index];
    const [low, high] = row.ci ?? [row.ci_low, row.ci_high];
    Object.assign(row, { treatment: row.reference, reference: row.treatment, hr: 1 / row.hr, ci: [1 / high, 1 / low] });
    say(`Now ${row.treatment} against ${row.reference}.`);
    this.showRows();
    this.pool();
  }

  /** What stands against pooling the chosen rows as they are. */
  warning() {
    const found = this.rows.filter((row) => this.taken.get(row));
    const references = new Set(found.map((row) => row.reference));
    const both = found.map((row) => row.treatment).find((name) => references.has(name));
    const twice = found.find((row, index) => found.findIndex((one) => one.figure === row.figure) < index);
    return [both && `${both} is the treatment in one row and the reference in another: turn (⇄) those that point the other way.`, twice && `${twice.study ?? twice.name} stands in several of the rows taken: its patients count more than once. Take one of them.`].filter(Boolean).map((words) => h("p", { class: "bad", role: "alert" }, words));
  }

  ownInput(row, key, label) {
    return h("input", { value: row[key], size: key === "study" ? 14 : 5, "aria-label": label, autocomplete: "off", onchange: (event) => { row[key] = event.target.value.trim(); this.pool(); } });
  }

  ownCell(row, key, label) {
    return h("td", {}, this.ownInput(row, key, label));
  }

  addOwn() {
    this.own.push({ ...BLANK });
    this.showRows();
    [...this.table.querySelectorAll("tbody tr")].at(-1)?.querySelector("input:not([type=checkbox])")?.focus();
  }

  get chosen() {
    const { by, measure } = this.settings;
    const more = (row) => (by ? { [by]: row[by] ?? "" } : {});
    const found = this.rows.filter((row) => this.taken.get(row)).map((row) => ({ figure: row.figure, panel: row.panel, treatment: row.treatment, reference: row.reference, source: row.source, study: row.study ?? row.name, ...more(row) }));
    const typed = this.own.filter((row) => row.study && row.ratio && row.ci_low && row.ci_high).map((row) => ({ study: row.study, [measure.toLowerCase()]: row.ratio, ci_low: row.ci_low, ci_high: row.ci_high, ...more(row) }));
    return [...found, ...typed];
  }

  async pool() {
    const rows = this.chosen;
    fill(this.warned, this.warning());
    if (!rows.length) {
      fill(this.result, h("p", { class: "soft" }, "Choose trials above, or type one in; the forest plot stands here then."));
      return;
    }
    this.request?.abort();
    this.request = new AbortController();
    if (!this.result.childElementCount) fill(this.result, h("p", { class: "soft" }, "Pooling …"));
    this.result.classList.add("old");
    try {
      const answer = await ask("POST", "pool", { body: { rows, ...this.settings }, signal: this.request.signal });
      if (!this.isGone) this.show(answer);
    } catch (error) {
      if (error.name === "AbortError") return;
      fill(this.result, h("p", { class: "bad", role: "alert" }, error.message));
    }
    this.result.classList.remove("old");
  }

  show({ pooled, forest, files }) {
    const ratio = (part) => `${fixed(Math.exp(part.estimate))} (${interval([Math.exp(part.ci_low), Math.exp(part.ci_high)])})`;
    const { random, fixed: common, heterogeneity } = pooled;
    const facts = [["common effect", ratio(common)], ["p", pValue(random?.p ?? common.p)]];
    if (random && pooled.k > 1) facts.push(["prediction interval", Number.isFinite(random.prediction_low) ? interval([Math.exp(random.prediction_low), Math.exp(random.prediction_high)]) : "–"], ["τ²", fixed(random.tau2, 4)]);
    if (heterogeneity && pooled.k > 1) facts.push(["I²", `${fixed(heterogeneity.i2, 0)} %`], ["Q", `${fixed(heterogeneity.q, 2)}, p ${pValue(heterogeneity.p)}`]);
    const test = pooled.subgroup_test?.random ?? pooled.subgroup_test?.fixed;
    if (test) facts.push(["subgroups differ, p", pValue(test.p)]);
    const picture = h("img", { class: "forest", alt: `Forest plot of ${plural(pooled.k, "trial")}: pooled ${ratio(random ?? common)}`, src: URL.createObjectURL(new Blob([forest], { type: "image/svg+xml" })) });
    const label = { "forest.svg": "Forest plot, SVG", "forest.pdf": "Forest plot, PDF", "forest.png": "Forest plot, PNG", "pooled.json": "Everything, JSON", "studies.csv": "Trials, CSV", "methods.txt": "Sentences for a methods section, text", "leave_one_out.svg": "Without one trial each, SVG", "leave_one_out.pdf": "Without one trial each, PDF", "leave_one_out.png": "Without one trial each, PNG", "funnel.svg": "Funnel plot, SVG", "funnel.pdf": "Funnel plot, PDF", "funnel.png": "Funnel plot, PNG", "pooled.html": "Report, HTML" };
    const omitted = pooled.leave_one_out ?? [];
    fill(this.result, h("div", { class: "headline" }, h("p", { class: "big" }, `${pooled.measure} `, h("b", { id: "pooled" }, fixed(Math.exp((random ?? common).estimate))), h("span", { class: "ci" }, ` ${interval([Math.exp((random ?? common).ci_low), Math.exp((random ?? common).ci_high)])}`)), h("dl", { class: "facts" }, facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]))), h("div", { class: "plate-box" }, picture),
      omitted.length ? h("details", { class: "notes" }, h("summary", {}, "Without one trial each"), h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, ["without", "pooled", "τ²"].map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, omitted.map((row) => h("tr", {}, h("th", { scope: "row" }, row.omitted), h("td", {}, row.ci_low === undefined ? fixed(Math.exp(row.estimate)) : ratio(row)), h("td", {}, fixed(row.tau2, 4)))))))) : null,
      h("h2", {}, "Take it with you"), h("ul", { class: "files" }, files.map((name) => h("li", {}, h("a", { href: link(`pool/files/${name}`), download: name }, label[name] ?? name)))));
    say(`Pooled ${pooled.measure} ${ratio(random ?? common)}.`);
  }
}
