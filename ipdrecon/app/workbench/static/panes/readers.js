// Two people read the same figure apart from each other; where they differ is decided, and the consensus kept.

import { ask, link } from "../api.js";
import { complain, tell } from "../announce.js";
import { button, choice, fill, h } from "../dom.js";
import { fixed, interval, plural, short } from "../numbers.js";

const PARTS = { axis: "axis", curve: "curve", name: "name", marks: "censor marks", cell: "number at risk", arm: "arm" };

export class ReadersPane {
  constructor(bench) {
    this.bench = bench;
    this.list = h("div", {});
    this.result = h("div", {});
  }

  renew() {
    this.isOld = true;
  }

  parts() {
    if (this.isOld !== false) this.fetch();
    return [h("p", { class: "soft" }, "A second person reads the figure without seeing the first reading. Then the two are compared, and what is agreed upon is stored as a reading of its own."), this.list, this.result];
  }

  async fetch() {
    this.isOld = false;
    const { figure } = this.bench;
    try {
      this.readers = (await ask("GET", figure.path("/readers"))).readers;
      this.show();
    } catch (error) {
      complain(error);
    }
  }

  show() {
    const { figure } = this.bench;
    const to = (reader) => `#/figure/${figure.id}${reader ? `?reader=${reader}` : ""}`;
    const item = ({ reader, status, n_edits: count }) => h("li", { class: (reader ?? null) === figure.reader ? "chosen" : "" }, h("a", { href: to(reader), "aria-current": (reader ?? null) === figure.reader ? "page" : null }, reader ?? "first reading"), h("small", {}, ` ${status === "read" ? plural(count, "change") + " by hand" : status}`));
    const name = h("input", { placeholder: "anna", maxlength: 30, pattern: "[A-Za-z0-9_\\-]+", "aria-label": "Name of the second reader", required: true, autocomplete: "off" });
    const begin = async (event) => {
      event.preventDefault();
      try {
        await ask("POST", figure.path("/readers"), { body: { reader: name.value.trim() } });
        location.hash = to(name.value.trim());
      } catch (error) {
        complain(error);
      }
    };
    fill(this.list, h("ul", { class: "readers" }, this.readers.map(item)), h("form", { class: "row", onsubmit: begin }, name, h("button", {}, "Begin a second reading")), h("p", { class: "soft" }, "Each reading has a folder of its own; here ", h("code", {}, figure.view.folder), "."), this.comparison());
  }

  comparison() {
    const names = this.readers.map(({ reader }) => reader ?? "").filter((name) => name !== "consensus");
    if (names.length < 2) return null;
    this.a ??= "";
    this.b ??= names[1];
    const options = names.map((name) => [name, name || "first reading"]);
    return h("div", {}, h("h2", {}, "Compare"), h("p", { class: "row" }, choice(options, this.a, (name) => { this.a = name; }, { "aria-label": "One reader" }), "and", choice(options, this.b, (name) => { this.b = name; }, { "aria-label": "Another reader" }), button("Compare", () => this.compare(), { kind: "main" })));
  }

  async compare() {
    const { figure } = this.bench;
    fill(this.result, h("p", { class: "soft" }, "Comparing …"));
    try {
      this.found = await ask("GET", figure.path("/compare"), { query: { a: this.a, b: this.b } });
      this.taken = this.found.choices.map(() => "a");
      this.showFound();
    } catch (error) {
      fill(this.result);
      complain(error);
    }
  }

  showFound() {
    const { panels, statistics, choices } = this.found;
    const without = panels.filter((panel) => !panel.hr && panel.arms.length > 1).map(() => h("tr", {}, h("th", { scope: "row" }, "HR"), h("td", { colspan: 2 }, "Patients cannot be rebuilt from both readings as they are; see Result of each.")));
    const ratios = panels.filter((panel) => panel.hr).map((panel) => h("tr", {}, h("th", { scope: "row" }, `HR, ${panels.length > 1 ? `panel ${panel.panel}, ` : ""}${panel.hr.treatment} against ${panel.hr.reference}`), h("td", {}, `${fixed(panel.hr.a.hr)} (${interval(panel.hr.a.ci)})`), h("td", {}, `${fixed(panel.hr.b.hr)} (${interval(panel.hr.b.ci)})`)));
    const arms = panels.flatMap((panel) => panel.arms.map((arm) => h("tr", {}, h("th", { scope: "row" }, arm.name_a), h("td", { colspan: 2 }, `on average ${fixed(arm.mean_difference, 4)} apart, at most ${fixed(arm.largest_difference, 3)} at ${short(arm.at, 3)}`))));
    const unpaired = [[this.found.only_a, this.a], [this.found.only_b, this.b]].filter(([names]) => names.length).map(([names, reader]) => h("tr", {}, h("th", { scope: "row" }, names.map((name) => `panel ${name}`).join(", ")), h("td", { colspan: 2 }, `only in the reading of ${reader || "the first"}: not compared`)));
    const facts = [["mean difference of survival", fixed(statistics.mean_difference, 4)], ["95% limits of agreement", interval(statistics.limits_of_agreement, 4)], ["intraclass correlation", fixed(statistics.icc, 4)], ["equal numbers at risk", `${statistics.cells_equal} of ${statistics.n_cells}`]];
    fill(this.result, h("dl", { class: "facts" }, facts.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])), h("div", { class: "scroll" }, h("table", {}, h("thead", {}, h("tr", {}, h("th", {}), h("th", { scope: "col" }, this.a || "first"), h("th", { scope: "col" }, this.b || "first"))), h("tbody", {}, ratios, without, arms, unpaired))),
      h("h2", {}, choices.length ? "To be decided" : "The two agree in everything"), h("ul", { class: "choices" }, choices.map((one, index) => this.decision(one, index))), button("Store the consensus", () => this.agree(), { kind: "main" }));
  }

  decision(one, index) {
    const where = [this.found.panels.length > 1 ? `panel ${one.panel}` : null, one.arm, one.axis && `${one.axis} axis`, one.time !== null && one.time !== undefined ? `at ${short(one.time, 4)}` : null].filter(Boolean).join(" ");
    const shown = (value, reader) => (one.part === "curve" ? `${value} steps` : one.part === "axis" ? (value === null ? "as it is" : `${short(value, 3)} off`) : Array.isArray(value) ? value.join(" ") : String(value ?? "–")) + ` (${reader || "first"})`;
    const radio = (side, value, reader) => h("label", {}, h("input", { type: "radio", name: `choice-${index}`, checked: this.taken[index] === side, onchange: () => { this.taken[index] = side; } }), shown(value, reader));
    return h("li", {}, h("fieldset", {}, h("legend", {}, `${PARTS[one.part] ?? one.part}: ${where}`), radio("a", one.a, this.a), radio("b", one.b, this.b)));
  }

  async agree() {
    const { figure } = this.bench;
    try {
      await ask("POST", figure.path("/consensus"), { body: { a: this.a || null, b: this.b || null, choices: this.found.choices.map((one, index) => ({ part: one.part, panel: one.panel, arm: one.arm, axis: one.axis, time: one.time, take: this.taken[index] })) } });
      tell("The consensus is stored, with the statistics of agreement.", { actions: [["Open it", () => { location.hash = `#/figure/${figure.id}?reader=consensus`; }]], seconds: 12 });
      fill(this.result, h("p", {}, h("a", { href: link(figure.path("/files/consensus.json"), { reader: "consensus" }), download: "consensus.json" }, "consensus.json")));
      this.fetch();
    } catch (error) {
      complain(error);
    }
  }
}
