// What the patients rebuilt from the figure say, anew after each change; beside it, what the paper reports.

import { ask, link } from "../api.js";
import { complain } from "../announce.js";
import { choice, field, fill, h } from "../dom.js";
import { armInk } from "../drawing.js";
import { fixed, interval, pValue, plural, short, typedCount } from "../numbers.js";
import { Reported } from "./reported.js";

const SHOWN = 60;
const FILES = { "curves.csv": "Curves", "ipd.csv": "Patients", "at_risk.csv": "Numbers at risk", "censor_marks.csv": "Censor marks", "overlay.png": "Picture with the reading", "figure.json": "The whole reading", "edits.json": "Changes by hand", "validation.csv": "Agreement", "reconstruction.json": "Reconstruction", "consensus.json": "Consensus" };

export class ResultPane {
  constructor(bench) {
    this.bench = bench;
    this.view = null;
    this.error = "";
    this.needs = [];
    this.opacity = SHOWN;
    this.isAwake = false; // nothing is rebuilt before somebody asks for it
    this.arms = {};
    this.reported = new Reported(bench, async () => {
      await this.fetching;
      return this.view;
    });
    this.head = h("div", {});
    this.numbers = h("section", {});
    this.downloads = h("div", {});
    this.slider = h("input", { type: "range", min: 0, max: 100, value: SHOWN, oninput: () => this.shine(Number(this.slider.value)) });
  }

  /** The figure has changed: rebuild, if anybody looks. */
  renew() {
    this.isOld = true;
    if (this.bench.side.chosen === "result" || (this.isAwake && this.opacity)) this.fetch();
  }

  parts() {
    if (!this.isAwake) this.shine(this.opacity);
    if (this.isOld) this.fetch();
    this.showNumbers();
    return [h("section", { class: "live" }, field("Rebuilt curves over the figure", this.slider, { hint: "K hides and shows them." }), this.head), this.reported.element, this.numbers, this.downloads];
  }

  fetch() {
    this.fetching = this.fetchNow();
    return this.fetching;
  }

  async fetchNow() {
    const { figure } = this.bench;
    if (!figure.panel || figure.panel.draft || figure.view.status !== "read") return;
    this.isOld = false;
    this.request?.abort();
    this.request = new AbortController();
    this.age(true);
    try {
      const view = await ask("GET", figure.path("/rebuilt"), { query: { ...figure.query, panel: figure.panelName, ...this.arms }, signal: this.request.signal });
      if (view.revision !== figure.view.revision) return;
      this.view = view;
      this.error = "";
      this.needs = [];
      this.bench.drawing.drawRebuilt(figure.panel, view.arms);
    } catch (error) {
      if (error.name === "AbortError") return;
      this.view = null;
      this.error = error.message;
      this.needs = error.body?.needs_n ?? [];
      this.bench.drawing.drawRebuilt(figure.panel, []);
    }
    this.age(false);
    this.showNumbers();
    this.reported.renew();
    this.showDownloads();
  }

  /** Numbers that a newer answer is about to replace are shown faint. */
  age(isOld) {
    for (const part of [this.head, this.numbers]) part.classList.toggle("old", isOld);
  }

  shine(percent) {
    this.isAwake = true;
    this.opacity = percent;
    this.slider.value = percent;
    this.slider.setAttribute("aria-valuetext", `${percent} percent`);
    this.bench.drawing.rebuilt.setAttribute("opacity", percent / 100);
    if (percent && (this.isOld || !this.view)) this.fetch();
  }

  toggle() {
    this.shine(this.isAwake && this.opacity ? 0 : SHOWN);
  }

  showNumbers() {
    const { view, error } = this;
    if (error && this.needs.length) {
      fill(this.head, this.patients());
      return fill(this.numbers);
    }
    if (error || !view) {
      fill(this.head, h("p", { class: error ? "bad" : "soft" }, error || this.bench.figure.unread || "Rebuilding the patients …"));
      return fill(this.numbers);
    }
    fill(this.head, this.headline(view));
    return fill(this.numbers, h("h2", {}, "Patients"), this.armTable(view), this.riskTable(view), this.flags(view), this.totals(view));
  }

  headline({ comparison, arms, unit }) {
    if (!comparison) return h("p", { class: "soft" }, "One arm only: there is nothing to compare it with.");
    const names = arms.map((arm) => arm.name);
    const set = (key) => (name) => {
      const other = key === "treatment" ? "reference" : "treatment";
      this.arms = { [other]: comparison[other] === name ? comparison[key] : comparison[other], [key]: name };
      this.fetch();
    };
    const pair = h("div", { class: "versus" }, choice(names, comparison.treatment, set("treatment"), { "aria-label": "Treatment", data: { keep: "treatment" } }), h("span", {}, "against"), choice(names, comparison.reference, set("reference"), { "aria-label": "Reference", data: { keep: "reference" } }));
    if (comparison.error) return h("div", { class: "headline" }, pair, h("p", { class: "bad" }, comparison.error));
    const facts = [["log-rank p", pValue(comparison.logrank_p ?? comparison.p)], ["proportional hazards, p", pValue(comparison.ph_p)], [`difference of means to ${short(comparison.horizon, 3)} ${unit ?? ""}`, `${short(comparison.rmst_difference, 3)} (${comparison.rmst_ci?.map((end) => short(end, 3)).join(" to ")})`]];
    return h("div", { class: "headline" }, pair, h("p", { class: "big" }, h("span", { class: "unseen" }, "Hazard ratio "), h("span", { "aria-hidden": "true" }, "HR "), h("b", { id: "hr" }, fixed(comparison.hr, 2)), h("span", { class: "ci" }, ` ${interval(comparison.ci)}`)), h("dl", { class: "facts" }, facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])));
  }

  armTable({ arms, unit }) {
    const panel = this.bench.figure.panel;
    const row = (arm) => h("tr", {}, h("th", { scope: "row" }, h("span", { class: `dot ${armInk(panel, arm.name)}` }), arm.name), h("td", {}, `${arm.n_event} / ${arm.n}`), h("td", {}, fixed(arm.median, 1), h("small", {}, arm.median_ci?.some((end) => end !== null) ? ` ${interval(arm.median_ci, 1)}` : "")), h("td", {}, fixed(arm.rmst, 1)), h("td", { class: `grade ${arm.residual_max < 0.02 ? "sure" : arm.residual_max < 0.05 ? "fair" : "unsure"}` }, fixed(arm.residual_max, 3)));
    return h("div", { class: "scroll" }, h("table", {}, h("caption", {}, `Rebuilt arms${unit ? `, ${unit}` : ""}`), h("thead", {}, h("tr", {}, ["Arm", "events / n", "median", "RMST", "largest residual"].map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, arms.map(row))));
  }

  riskTable({ arms }) {
    const known = arms.filter((arm) => arm.n_risk?.times?.length);
    if (!known.length) return null;
    const row = (time, k) => h("tr", {}, h("th", { scope: "row" }, short(time, 4)), known.map((arm) => {
      const [printed, rebuilt] = [arm.n_risk.printed[k], arm.n_risk.rebuilt[k]];
      const off = printed === null || printed === undefined ? 0 : Math.abs(printed - rebuilt);
      return h("td", { class: `grade ${off <= 1 ? "sure" : off <= 0.03 * arm.n + 1 ? "fair" : "unsure"}` }, `${printed ?? "–"} → ${rebuilt}`);
    }));
    return h("details", { class: "notes", open: true }, h("summary", {}, "Numbers at risk: printed → rebuilt"), h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Time"), known.map((arm) => h("th", { scope: "col" }, arm.name)))), h("tbody", {}, known[0].n_risk.times.map(row)))));
  }

  flags({ flags, arms }) {
    const all = [...flags, ...arms.flatMap((arm) => arm.flags)];
    if (!all.length) return null;
    const doubts = all.filter((flag) => flag.needs_review);
    return h("details", { class: "notes", open: doubts.length > 0 && doubts.length < 4 }, h("summary", {}, doubts.length ? `${plural(doubts.length, "doubt")} about the patients` : plural(all.length, "note")), h("ul", { class: "words" }, all.map((flag) => h("li", { class: flag.needs_review ? "needs" : "" }, h("b", {}, flag.meaning), ` ${flag.detail ?? ""} `, h("small", {}, flag.place)))));
  }

  /** Ask for the number of patients where neither the figure nor anybody has told it. */
  patients() {
    const given = this.bench.figure.view.given ?? {};
    const boxes = this.needs.map((arm, index) => [arm, h("input", { inputmode: "numeric", required: true, size: 6, autocomplete: "off", data: { keep: `needs-${index}` } })]);
    const store = (event) => {
      event.preventDefault();
      const counts = boxes.map(([arm, box]) => [arm, typedCount(box.value)]);
      if (counts.some(([, count]) => !count)) return complain(new Error("Give the number of patients of each arm: 1, 2, …"));
      return this.put({ n: { ...given.n, ...Object.fromEntries(counts) }, n_event: { ...given.n_event } });
    };
    return h("form", { class: "new-table", onsubmit: store }, h("h2", {}, "How many patients?"), h("p", {}, this.bench.figure.panel.at_risk ? "The table under At risk has no number for them at the beginning. Type it there, which makes the result far surer; or here, as the paper has it." : "The figure prints no numbers at risk. Type the patients of each arm, as the paper has them; or the whole table under At risk, which makes the result far surer."), boxes.map(([arm, box]) => field(`Patients of ${arm}`, box)), h("button", { class: "main" }, "Rebuild the patients"));
  }

  /** Patients and events, where the paper prints them and the figure does not. */
  totals({ arms, inputs }) {
    const input = (arm, key, label) => {
      const box = h("input", { value: inputs[key]?.[arm.name] ?? "", inputmode: "numeric", placeholder: String(key === "n" ? arm.n : arm.n_event), "aria-label": `${label} of ${arm.name}`, data: { keep: `${key}-${arm.name}` } });
      box.addEventListener("change", () => this.give(inputs, key, arm.name, box.value));
      return h("td", {}, box);
    };
    return h("details", { class: "notes" }, h("summary", {}, "Patients and events, if the paper prints them"), h("table", { class: "totals" }, h("thead", {}, h("tr", {}, ["Arm", "patients", "events"].map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, arms.map((arm) => h("tr", {}, h("th", { scope: "row" }, arm.name), input(arm, "n", "Patients"), input(arm, "n_event", "Events"))))));
  }

  async give(inputs, key, arm, text) {
    const count = typedCount(text);
    const body = { n: { ...inputs.n }, n_event: { ...inputs.n_event } };
    if (count === null || Number.isNaN(count)) delete body[key][arm];
    else body[key][arm] = count;
    await this.put(body);
  }

  async put(body) {
    const { figure } = this.bench;
    try {
      await ask("PUT", figure.path("/given"), { query: figure.query, body });
      figure.view.given = body;
      await this.fetch();
    } catch (error) {
      complain(error);
    }
  }

  async showDownloads() {
    const { figure } = this.bench;
    try {
      const answer = await ask("GET", figure.path("/files"), { query: figure.query });
      const names = (answer.files ?? answer).map((file) => file.name).filter((name) => FILES[name]);
      const item = (name) => h("li", {}, h("a", { href: link(figure.path(`/files/${name}`), figure.query), download: name }, FILES[name]), h("small", {}, ` ${name}`));
      fill(this.downloads, h("h2", {}, "Take it with you"), h("p", {}, h("a", { class: "button", href: link(figure.path("/files/figure.zip"), figure.query), download: `${figure.view.name}.zip` }, "Everything, as a zip file")), h("ul", { class: "files" }, names.map(item)), h("p", { class: "soft" }, "The same files lie in the folder ", h("code", {}, figure.view.folder), "."));
    } catch (error) {
      complain(error);
    }
  }
}
