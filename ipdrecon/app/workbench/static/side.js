// The panels beside the figure, one at a time.

import { fill, h } from "./dom.js";
import { ArmsPane } from "./panes/arms.js";
import { AxesPane } from "./panes/axes.js";
import { CheckPane } from "./panes/check.js";
import { HandPane } from "./panes/hand.js";
import { ReadersPane } from "./panes/readers.js";
import { ResultPane } from "./panes/result.js";
import { RiskPane } from "./panes/risk.js";

const LABELS = { check: "Check", hand: "By hand", axes: "Axes", arms: "Arms", risk: "At risk", result: "Result", readers: "Readers" };

export class Side {
  constructor(bench) {
    this.bench = bench;
    this.panes = { check: new CheckPane(bench), hand: new HandPane(bench), axes: new AxesPane(bench), arms: new ArmsPane(bench), risk: new RiskPane(bench), result: new ResultPane(bench), readers: new ReadersPane(bench) };
    this.chosen = "check";
    this.tabs = h("div", { class: "tabs", role: "tablist", "aria-label": "Panels" });
    this.body = h("div", { class: "pane", role: "tabpanel", id: "pane", tabindex: "-1" });
    this.element = h("aside", { class: "side", "aria-label": "Beside the figure" }, this.tabs, this.body);
    this.tabs.addEventListener("keydown", (event) => this.arrow(event));
  }

  /** Names of the panels that make sense now. */
  get names() {
    const { view, panel } = this.bench.figure;
    const isByHand = view?.status === "failed" || panel?.draft;
    this.wasByHand ||= isByHand;
    return Object.keys(LABELS).filter((name) => (name === "hand" ? isByHand || this.wasByHand : !isByHand || !["axes", "arms", "risk", "result"].includes(name)));
  }

  choose(name) {
    this.bench.loupe.hide();
    this.bench.select(null);
    this.bench.drawing.sketch();
    this.chosen = name;
    this.show();
  }

  focus() {
    this.tabs.querySelector("[aria-selected=true]")?.focus();
  }

  arrow(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const { names } = this;
    this.choose(names[(names.indexOf(this.chosen) + by + names.length) % names.length]);
    this.focus();
  }

  /** The figure has changed. */
  renew() {
    const { view } = this.bench.figure;
    if (view.status === "failed" && !this.hasSeenFailure) {
      this.chosen = "hand";
      this.hasSeenFailure = true;
      this.panes.hand.begin();
    }
    for (const pane of Object.values(this.panes)) pane.renew?.();
    this.show();
  }

  show() {
    const { view } = this.bench.figure;
    if (!view) return;
    const { names } = this;
    if (!names.includes(this.chosen)) this.chosen = names[0];
    const tab = (name) => h("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-selected": String(name === this.chosen), "aria-controls": "pane", tabindex: name === this.chosen ? "0" : "-1", data: { keep: `tab-${name}` }, onclick: () => this.choose(name) }, LABELS[name], this.panes[name].badge ? h("span", { class: "badge" }, String(this.panes[name].badge)) : null);
    fill(this.tabs, names.map(tab));
    this.body.setAttribute("aria-labelledby", `tab-${this.chosen}`);
    const scroll = this.shown === this.chosen ? this.body.scrollTop : 0;
    this.shown = this.chosen;
    fill(this.body, this.panes[this.chosen].parts());
    this.body.scrollTop = scroll;
  }
}
