// The first page: where a figure is put in, and what is there already.

import { ask, link } from "./api.js";
import { complain, say, tell } from "./announce.js";
import { grade, word } from "./confidence.js";
import { button, fill, h, s } from "./dom.js";
import { listenForKeys, showKeys } from "./keys.js";
import { fixed, plural } from "./numbers.js";

const WORDS = { new: "not read yet", reading: "being read", read: "read", failed: "to be done by hand", pages: "choose a page" };

export class Home {
  constructor() {
    this.ends = new AbortController();
    this.list = h("div", {});
    this.file = h("input", { type: "file", class: "unseen", id: "file", multiple: true, accept: ".png,.jpg,.jpeg,.pdf,.svg,.webp,.tif,.tiff,.bmp,.gif", onchange: () => this.take([...this.file.files]) });
    this.asked = 0;
  }

  async open(main, top) {
    document.title = "ipdrecon workbench";
    fill(top, h("h1", {}, "ipdrecon workbench"), h("span", { class: "grow" }), h("a", { href: "#/pool", class: "home" }, "Pool"), button("Keys", showKeys, { kind: "quiet keyed", key: "?", title: "All keys" }));
    const drop = h("label", { class: "drop", htmlFor: "file" }, s("svg", { viewBox: "0 0 64 48", "aria-hidden": "true" }, s("path", { d: "M6 4v38h54M6 10h14v7h10v8h12v6h16" })), h("strong", {}, "Drop a Kaplan-Meier figure here"), h("span", {}, "or choose a file: PNG, JPEG, PDF, SVG. It stays on this machine."), this.file);
    fill(main, h("div", { class: "page first" }, drop, h("ol", { class: "way", "aria-label": "What happens then" }, ["It is read: axes, curves, censor marks, numbers at risk.", "You check the doubtful places and mend what is wrong.", "Patients, hazard ratio and medians follow at once."].map((text) => h("li", {}, text))), this.list));
    this.listen(drop);
    await this.refresh();
  }

  listen(drop) {
    const until = { signal: this.ends.signal };
    const over = (event) => {
      event.preventDefault();
      drop.classList.toggle("over", event.type === "dragover");
    };
    window.addEventListener("dragover", over, until);
    window.addEventListener("dragleave", over, until);
    window.addEventListener("drop", (event) => {
      over(event);
      this.take([...event.dataTransfer.files]);
    }, until);
    window.addEventListener("paste", (event) => this.take([...event.clipboardData.files]), until);
    listenForKeys(this.ends.signal);
  }

  leave() {
    this.ends.abort();
    clearTimeout(this.timer);
  }

  async take(files) {
    const [limit, made] = [this.state?.limits?.bytes ?? Infinity, []];
    for (const file of files) {
      if (file.size > limit) {
        tell(`${file.name} has ${Math.round(file.size / 1048576)} MB; at most ${Math.round(limit / 1048576)} are taken.`, { kind: "error" });
        continue;
      }
      try {
        say(`Taking in ${file.name}.`);
        made.push((await ask("POST", "figures", { query: { name: file.name }, body: file })).id);
      } catch (error) {
        complain(error);
      }
    }
    if (made.length === 1) location.hash = `#/figure/${made[0]}`;
    else if (made.length) await this.refresh();
  }

  async example() {
    try {
      location.hash = `#/figure/${(await ask("POST", "example", { body: {} })).id}`;
    } catch (error) {
      complain(error);
    }
  }

  async refresh() {
    clearTimeout(this.timer);
    try {
      this.state = await ask("GET", "state");
      this.show();
    } catch (error) {
      complain(error);
    }
    const isBusy = this.state?.figures.some((figure) => figure.status === "reading");
    if (!this.ends.signal.aborted) this.timer = setTimeout(() => this.refresh(), isBusy ? 1000 : 8000);
  }

  show() {
    const { figures, root_name: root } = this.state;
    if (!figures.length) {
      fill(this.list, h("p", { class: "soft empty" }, `There is no figure in the folder ${root} yet.`), h("p", { class: "row centred" }, button("Try it with an example", () => this.example(), { kind: "quiet" })));
      return;
    }
    const order = { reading: 0, pages: 1, failed: 2, new: 3, read: 4 };
    const rows = [...figures].sort((one, other) => order[one.status] - order[other.status] || Number(other.needs_review) - Number(one.needs_review) || (one.confidence ?? 1) - (other.confidence ?? 1));
    const unread = figures.filter((figure) => figure.status === "new");
    const readAll = unread.length > 1 ? button(`Read the ${unread.length} that nobody has read`, () => this.readAll(unread), { kind: "quiet" }) : null;
    fill(this.list, h("div", { class: "row" }, h("h2", {}, `${plural(figures.length, "figure")} in ${root}`), h("span", { class: "grow" }), readAll), h("ul", { class: "figures" }, rows.map((figure) => this.card(figure))));
  }

  async readAll(figures) {
    for (const { id } of figures.slice(0, 20)) {
      try {
        await ask("POST", `figures/${id}/read`, { body: {} });
      } catch (error) {
        complain(error);
        break;
      }
    }
    await this.refresh();
  }

  card(figure) {
    const sure = grade(figure.confidence);
    const state = figure.status === "read" ? h("span", { class: `grade ${sure}` }, `${word(sure)}${figure.confidence === null ? "" : ` ${fixed(figure.confidence, 2)}`}`) : h("span", { class: `grade ${figure.status === "failed" ? "unsure" : "unknown"}` }, WORDS[figure.status]);
    const flags = figure.n_flags ? `${plural(figure.n_flags, "flag")}${figure.needs_review ? ", look at it" : ""}` : figure.status === "read" ? "no flags" : "";
    const thumb = figure.status === "pages" || !figure.file || /\.pdf$/i.test(figure.file) ? h("div", { class: "thumb" }, figure.file?.split(".").pop().toUpperCase() ?? "") : h("img", { class: "thumb", loading: "lazy", alt: "", src: link(`figures/${figure.id}/image`) });
    return h("li", {}, h("a", { class: "figure-card", href: `#/figure/${figure.id}`, data: { keep: figure.id } }, thumb, h("b", {}, figure.name), h("span", { class: "soft" }, [figure.trial, figure.arms?.join(" · ")].filter(Boolean).join(" — ") || figure.file), h("span", { class: "line" }, state, h("small", {}, flags)), figure.readers?.length ? h("small", {}, `read by ${figure.readers.length + 1}`) : null));
  }
}
