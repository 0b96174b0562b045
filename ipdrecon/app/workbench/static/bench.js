// The figure view: the sheet with its tools, what is selected, and the panels beside it.

import { ask } from "./api.js";
import { complain, say, tell } from "./announce.js";
import { button, choice, fill, h, isTyping, s } from "./dom.js";
import { Drawing } from "./drawing.js";
import { Inspector } from "./inspector.js";
import { command, showKeys } from "./keys.js";
import { Loupe } from "./loupe.js";
import { Pointer } from "./pointer.js";
import { Progress } from "./progress.js";
import { Sheet } from "./sheet.js";
import { Side } from "./side.js";
import { KINDS, describe, moveEdits, nearest, reading, things } from "./things.js";
import { mend, nudged } from "./tools/mend.js";
import { colour, mark, point, tick } from "./tools/place.js";
import { box, stretch } from "./tools/spans.js";
import { stroke } from "./tools/stroke.js";

const TOOLS = [mend, point, stroke, mark, tick, stretch, box];
const ASKED_FOR = [colour]; // by a panel beside the figure, for once
const NUDGE_MS = 450;
const LOUPE_PX = 70;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const isUnread = (status) => ["new", "reading"].includes(status);

export class Bench {
  constructor(figure) {
    this.figure = figure;
    this.tool = mend;
    this.hint = mend.hint;
    this.selected = null;
    this.moving = null;
    this.kind = "tick";
    this.sheet = new Sheet();
    this.drawing = new Drawing(this.sheet.world);
    this.loupe = new Loupe(this.sheet);
    this.inspector = new Inspector(this);
    this.pointer = new Pointer(this);
    this.side = new Side(this);
    this.progress = new Progress(this);
    this.place = h("output", { class: "place" });
    this.listen();
  }

  listen() {
    this.ends = new AbortController();
    const until = { signal: this.ends.signal };
    this.figure.addEventListener("view", (event) => this.viewed(event.detail.isNew), until);
    this.figure.addEventListener("arm", () => this.armChosen(), until);
    this.figure.addEventListener("saving", () => this.showHead(), until);
    window.addEventListener("keydown", (event) => this.pressed(event), until);
    window.addEventListener("keyup", (event) => this.keyUp(event), until);
    window.addEventListener("focus", () => this.figure.refresh().catch(complain), until);
  }

  leave() {
    this.settle();
    this.ends.abort();
    this.progress.stop();
  }

  // --- its parts

  async open(main, top) {
    this.top = top;
    this.rail = h("div", { class: "tools", role: "toolbar", "aria-label": "Tools", "aria-orientation": "vertical" });
    const near = h("div", { class: "zoom", role: "group", "aria-label": "Zoom" }, this.round("−", "Farther", "-", () => this.sheet.zoom(1 / 1.3)), this.round("+", "Nearer", "+", () => this.sheet.zoom(1.3)), this.round("⤢", "The whole figure", "0", () => this.sheet.whole()));
    const legend = h("p", { class: "legend", "aria-hidden": "true" }, ["sure", "fair", "unsure"].map((grade) => [s("svg", { class: `key ${grade}`, viewBox: "0 0 26 8" }, s("path", { d: "M1 4h24" })), { sure: "sure", fair: "fairly", unsure: "doubtful" }[grade]]));
    this.stage = h("div", { class: "stage" }, this.sheet.svg, this.loupe.canvas, near, legend, this.place, this.progress.element);
    fill(main, h("div", { class: "bench" }, this.rail, h("div", { class: "centre" }, this.stage, this.inspector.element), this.side.element));
    this.showTools();
    this.inspector.show();
    await this.figure.load();
  }

  round(sign, label, key, does) {
    return h("button", { type: "button", "aria-label": label, title: `${label} (${key})`, onclick: does }, sign);
  }

  async showImage() {
    if (!this.figure.view.has_image) return;
    this.imageOf = this.figure.view.status;
    try {
      const address = await this.figure.image();
      const image = new Image();
      image.src = address;
      await image.decode();
      this.image = image;
      const size = this.figure.view.size[0] ? this.figure.view.size : [image.naturalWidth, image.naturalHeight];
      this.figure.view.size = size;
      this.drawing.setImage(address, size);
      this.loupe.setImage(address);
      this.sheet.setSize(size);
      this.side.show();
    } catch (error) {
      if (!isUnread(this.imageOf)) complain(error); // what reading ends with is told then
    }
  }

  showHead() {
    const { figure } = this;
    if (!figure.view) return;
    const { view } = figure;
    const panels = view.panels.length > 1 ? h("label", { class: "inline" }, "Panel ", choice(view.panels.map((panel) => panel.panel), figure.panelName, (name) => figure.choosePanel(name))) : null;
    const saving = h("span", { class: `saving ${figure.isSettled ? "" : "busy"}` }, figure.isSettled ? (view.revision ? "stored" : "") : "storing …");
    const last = view.edit_labels?.at(-1);
    fill(this.top, h("a", { href: "#/", class: "home" }, "Figures"), h("span", { class: "slash" }, "/"), h("h1", {}, view.name), figure.reader ? h("span", { class: "tag" }, `reader ${figure.reader}`) : null, panels, h("span", { class: "grow" }), saving,
      button("Undo", () => figure.undo(), { kind: "quiet keyed", key: "Ctrl Z", title: last ? `Undo: ${last}` : "Undo", disabled: !view.can_undo }),
      button("Redo", () => figure.redo(), { kind: "quiet keyed", key: "Ctrl ⇧ Z", title: "Redo", disabled: !view.can_redo }),
      h("a", { href: "#/pool", class: "home" }, "Pool"), button("Keys", showKeys, { kind: "quiet keyed", key: "?", title: "All keys" }));
    document.title = `${view.name} · ipdrecon workbench`;
  }

  showTools() {
    fill(this.rail, TOOLS.map((one) => h("button", { type: "button", "aria-pressed": String(one === this.tool), title: `${one.hint} (${one.key})`, data: { keep: one.name }, onclick: () => this.use(one.name) }, s("svg", { viewBox: "0 0 20 20", "aria-hidden": "true" }, s("path", { d: one.icon })), h("span", {}, one.label), h("kbd", {}, one.key))));
  }

  // --- what is shown

  viewed(isNew) {
    const { view } = this.figure;
    if (view.size[0]) this.sheet.setSize(view.size);
    else if (this.image) view.size = [this.image.naturalWidth, this.image.naturalHeight];
    this.redraw();
    this.showHead();
    this.progress.follow();
    if (isNew) this.side.renew();
    const wasBefore = isUnread(this.imageOf) && !isUnread(view.status);
    if (this.imageOf === undefined || wasBefore) this.showImage();
  }

  redraw() {
    this.drawing.draw(this.figure);
    const wanted = this.awaited ?? this.selected;
    const shouldType = this.awaitedType;
    this.awaited = this.awaitedType = null;
    if (wanted?.x !== undefined) {
      const place = [wanted.x, wanted.y];
      const same = things(this.figure.panel, this.figure.arms.find((arm) => arm.name === wanted.arm), wanted.kind).filter((thing) => !wanted.axis || thing.axis === wanted.axis);
      this.selected = nearest(same, place, 6);
    }
    if (this.moving && this.selected) this.drawing.preview(this.selected, this.moving);
    else this.drawing.select(this.selected?.x === undefined ? null : this.selected);
    if (!this.inspector.element.contains(document.activeElement)) this.inspector.show();
    else setTimeout(() => this.inspector.show());
    if (shouldType && this.selected) setTimeout(() => this.inspector.focus());
  }

  armChosen() {
    if (this.selected && this.selected.kind !== "tick") this.selected = null;
    this.redraw();
    this.side.show();
    if (this.figure.armName) say(`${this.figure.armName} is chosen.`);
  }

  select(thing, { type = false } = {}) {
    this.settle();
    this.selected = thing;
    this.drawing.select(thing?.x === undefined ? null : thing);
    this.inspector.show();
    if (thing && KINDS.includes(thing.kind)) {
      this.kind = thing.kind;
      say(describe(this.figure.panel, thing));
    }
    if (type) this.inspector.focus();
  }

  /** Select what will be there when the next answer comes. */
  selectSoon(thing, { type = false } = {}) {
    this.awaited = thing;
    this.awaitedType = type;
  }

  preview(thing, place) {
    this.drawing.preview(thing, place);
    const arm = this.figure.arms.find((one) => one.name === thing.arm);
    this.loupe.show(place, thing.kind === "point" ? arm.px.map((at, k) => (k === thing.index ? place : at)) : arm?.px);
  }

  commit(thing, place) {
    this.selectSoon({ ...thing, x: place[0], y: place[1] });
    return this.figure.edit(() => moveEdits(this.figure.panel, thing, place), "Moved.");
  }

  tellPlace(place) {
    this.place.textContent = reading(this.figure.panel, place);
  }

  /** Go to a box of the sheet, with the glass. */
  visit(target) {
    this.sheet.goTo(target);
    const [left, top, right, bottom] = target;
    this.drawing.sketch(s("rect", { class: "visited", x: left - 4, y: top - 4, width: right - left + 8, height: bottom - top + 8 }));
    if (right - left < LOUPE_PX) this.loupe.show([(left + right) / 2, (top + bottom) / 2], this.figure.arm?.px);
    else this.loupe.hide();
  }

  openCell(cell) {
    this.side.choose("risk");
    this.side.panes.risk.focusCell(cell);
  }

  // --- tools

  /** Take a tool; where `then` is given, what it makes goes there, once. */
  use(name, { then = null, hint = "" } = {}) {
    this.settle();
    this.tool = [...TOOLS, ...ASKED_FOR].find((one) => one.name === name);
    this.then = then;
    this.hint = hint || this.tool.hint;
    this.firstEnd = this.bends = null;
    this.cross = this.tool.isPlacing ? this.cross ?? this.sheet.centre : null;
    if (name !== "mend") this.selected = null;
    this.drawing.select(null);
    this.drawing.sketch();
    this.showTools();
    this.inspector.show();
    say(`${this.tool.label}. ${this.hint}`);
  }

  /** Hand over what a tool has made. */
  finish(...made) {
    const { then } = this;
    this.then = null;
    then(...made);
  }

  // --- keys

  pressed(event) {
    if (!this.figure.view) return;
    if (event.key === " " && !isTyping(event.target) && !event.target.closest?.("button, a, summary, [role=tab]")) {
      this.pointer.isSpace = true;
      this.sheet.svg.dataset.cursor = "grab";
      event.preventDefault();
    }
    const isInSheet = event.target === this.sheet.svg;
    if (isInSheet && event.key in ARROWS) return this.arrow(event);
    if (isInSheet && event.key === "Enter") return this.enter(event);
    const name = command(event);
    if (!name) return null;
    if (["next", "last", "kinds", "delete"].includes(name) && !isInSheet) return null;
    event.preventDefault();
    return this.obey(name);
  }

  keyUp(event) {
    if (event.key !== " ") return;
    this.pointer.isSpace = false;
    this.sheet.svg.dataset.cursor = "";
  }

  obey(name) {
    const { figure, sheet, side } = this;
    const acts = {
      keys: showKeys, undo: () => figure.undo(), redo: () => figure.redo(), nearer: () => sheet.zoom(1.3), farther: () => sheet.zoom(1 / 1.3), whole: () => sheet.whole(),
      doubt: () => side.panes.check.next(1), "doubt back": () => side.panes.check.next(-1), next: () => this.step(1), last: () => this.step(-1), kinds: () => this.nextKind(), leave: () => this.letGo(),
      delete: () => this.selected && KINDS.includes(this.selected.kind) && this.inspector.remove(this.selected), hide: () => sheet.svg.classList.toggle("bare"), rebuilt: () => side.panes.result.toggle(), tabs: () => this.otherSide(),
    };
    if (name.startsWith("arm ")) {
      const arm = figure.arms[Number(name.slice(4)) - 1];
      if (arm) figure.chooseArm(arm.name);
      return null;
    }
    if (acts[name]) return acts[name]();
    return this.use(name);
  }

  otherSide() {
    if (this.side.element.contains(document.activeElement)) this.sheet.svg.focus();
    else this.side.focus();
  }

  letGo() {
    if (this.pointer.cancel()) return;
    if (isTyping(document.activeElement)) return;
    this.moving = null;
    clearTimeout(this.timer);
    this.loupe.hide();
    this.drawing.sketch();
    if (this.selected) {
      this.select(null);
      this.redraw();
    } else if (this.tool !== mend) this.use("mend");
    this.sheet.svg.focus();
  }

  step(by) {
    const list = things(this.figure.panel, this.figure.arm, this.kind);
    if (!list.length) return tell(`There are no ${this.kind}s${this.kind === "tick" ? "" : " on this arm"}.`, { seconds: 2 });
    const at = this.selected?.kind === this.kind ? list.findIndex((one) => one.index === this.selected.index && one.axis === this.selected.axis) : by > 0 ? -1 : 0;
    const thing = list[(at + by + list.length) % list.length];
    this.select(thing);
    this.sheet.reveal([thing.x, thing.y]);
    return this.loupe.show([thing.x, thing.y], this.figure.arm?.px);
  }

  nextKind() {
    this.kind = KINDS[(KINDS.indexOf(this.kind) + 1) % KINDS.length];
    this.select(null);
    this.step(1);
  }

  arrow(event) {
    event.preventDefault();
    const way = ARROWS[event.key];
    if (this.selected && KINDS.includes(this.selected.kind)) {
      const far = event.shiftKey ? 1 : 0.1;
      this.moving = nudged(this, [way[0] * far, way[1] * far]);
      this.preview(this.selected, this.moving);
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.settle(), NUDGE_MS);
      return;
    }
    const far = event.shiftKey ? 10 : 1;
    if (!this.tool.isPlacing) {
      this.sheet.pan(-40 * way[0], -40 * way[1]);
      return;
    }
    this.cross = [this.cross[0] + way[0] * far, this.cross[1] + way[1] * far];
    this.drawing.select({ kind: "cross", x: this.cross[0], y: this.cross[1] });
    this.sheet.reveal(this.cross);
    this.tellPlace(this.cross);
    this.loupe.show(this.cross, this.figure.arm?.px);
  }

  enter(event) {
    event.preventDefault();
    if (this.tool.isPlacing) return this.tool.place(this, this.cross);
    if (this.selected) return this.inspector.focus();
    return this.step(1);
  }

  /** Store a move of the arrow keys that is still under way. */
  settle() {
    clearTimeout(this.timer);
    const { moving, selected } = this;
    this.moving = null;
    if (moving && selected) this.commit(selected, moving);
  }

  /** Have the figure read (anew). */
  async read(body = {}) {
    try {
      const { id } = await ask("POST", this.figure.path("/read"), { query: this.figure.query, body });
      if (id !== this.figure.id) location.hash = `#/figure/${id}`;
      else await this.figure.load();
    } catch (error) {
      complain(error);
    }
  }
}
