// How far a reading is; and, for a document, its pages to choose from.

import { ask, link } from "./api.js";
import { complain, say } from "./announce.js";
import { button, fill, h } from "./dom.js";
import { plural } from "./numbers.js";

export class Progress {
  constructor(bench) {
    this.bench = bench;
    this.element = h("div", { class: "cover", hidden: true, "aria-live": "polite" });
    this.isFollowing = false;
  }

  stop() {
    this.isStopped = true;
  }

  /** Show what the status asks for, and follow it as long as it may change by itself. */
  follow() {
    const { view } = this.bench.figure;
    this.element.hidden = view.status === "read" || view.status === "failed";
    if (view.status === "new") this.showNew();
    if (["reading", "pages"].includes(view.status) && !this.isFollowing) this.watch().catch(complain);
  }

  showNew() {
    fill(this.element, h("div", { class: "card" }, h("h2", {}, "Nobody has read this figure yet"), h("p", {}, "Reading finds the axes, the curves, the censor marks and the numbers at risk. It takes a few seconds."), button("Read it", () => this.bench.read(), { kind: "main" })));
  }

  async watch() {
    const { figure } = this.bench;
    this.isFollowing = true;
    try {
      let isWaiting = true;
      let wait = 0;
      while (isWaiting && !this.isStopped) {
        const status = await ask("GET", figure.path("/status"), { query: { ...figure.query, wait } });
        if (this.isStopped) return;
        if (status.instead) {
          location.hash = `#/figure/${status.instead}`;
          return;
        }
        if (status.status === "reading") this.showStep(status);
        else if (status.status === "pages") this.showPages(status.pages);
        const isCounting = status.status === "pages" && status.pages.some((page) => page.n_plots === null);
        isWaiting = status.status === "reading" || isCounting;
        wait = 10;
        if (isCounting) await new Promise((resolve) => { setTimeout(resolve, 150); });
      }
      if (figure.view.status === "reading") await figure.load();
    } finally {
      this.isFollowing = false;
    }
  }

  showStep({ step, n_step: number, n_steps: all, seconds }) {
    const words = step ? `${step}` : "opening the figure";
    if (this.said !== words) say(words);
    this.said = words;
    fill(this.element, h("div", { class: "card" }, h("h2", {}, "Reading the figure"), h("progress", { max: all || 1, value: number || 0, "aria-label": "Steps of the reading" }), h("p", {}, `${words} · ${Math.round(seconds ?? 0)} s`), button("Stop", () => ask("DELETE", this.bench.figure.path("/read"), { query: this.bench.figure.query }).catch(complain), { kind: "quiet" })));
  }

  showPages(pages) {
    const { figure } = this.bench;
    const card = (page) => h("li", {}, h("button", { type: "button", data: { keep: `page-${page.page}` }, class: page.n_plots || page.n_pictures ? "leaf has-plots" : "leaf", onclick: () => (page.figure ? (location.hash = `#/figure/${page.figure}`) : this.bench.read({ page: page.page })) },
      h("img", { src: link(figure.path(`/page/${page.page}`)), alt: "", loading: "lazy" }), h("b", {}, `Page ${page.page}`), h("span", {}, page.n_plots === null || page.n_plots === undefined ? "looking …" : page.n_plots ? plural(page.n_plots, "plot") : page.n_pictures ? plural(page.n_pictures, "picture") : "no plot seen")));
    fill(this.element, h("div", { class: "card wide" }, h("h2", {}, "Which page?"), h("p", {}, "Pages on which a plot or a picture was seen stand out."), h("ul", { class: "pages" }, pages.map(card))));
  }
}
