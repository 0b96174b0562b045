// One figure on the table: what the server holds of it, and every change, sent at once and in order.

import { ask, picture } from "./api.js";
import { complain, say, tell } from "./announce.js";
import { confirm } from "./dialog.js";
import { judgeTicks } from "./scale.js";

/** What to ask where a change is refused that can be kept: title, text, yes and no. */
function question(error) {
  if (error.body.overwrites) return ["The tables of this figure were changed by hand", error.message, "Write over them", "Leave them"];
  return ["The figure cannot be read with this change", `${error.message} If you keep the change, what was read before stays as it is, marked as in doubt, until you mend the change or undo it.`, "Keep the change", "Leave it"];
}

export class Figure extends EventTarget {
  constructor(id, reader) {
    super();
    this.id = id;
    this.reader = reader || null;
    this.view = null;
    this.panelName = null;
    this.armName = null;
    this.queue = Promise.resolve();
    this.waiting = 0;
  }

  path(rest = "") {
    return `figures/${this.id}${rest}`;
  }

  get query() {
    return { reader: this.reader };
  }

  async load() {
    this.take(await ask("GET", this.path(), { query: this.query }));
  }

  take(view) {
    const chosen = this.panel?.edit_panel; // which a new name leaves as it is
    const isNew = this.view?.revision !== view.revision || this.view?.status !== view.status;
    this.view = view;
    for (const { axes } of view.panels) for (const axis of [axes.time, axes.vertical]) judgeTicks(axis);
    const names = view.panels.map((panel) => panel.panel);
    if (!names.includes(this.panelName)) this.panelName = view.panels.find((panel) => panel.edit_panel === chosen && chosen !== undefined)?.panel ?? names[0] ?? null;
    const arms = this.arms.map((arm) => arm.name);
    if (!arms.includes(this.armName)) this.armName = arms[0] ?? null;
    this.dispatchEvent(new CustomEvent("view", { detail: { isNew } }));
  }

  get panel() {
    return this.view?.panels.find((panel) => panel.panel === this.panelName) ?? null;
  }

  get arms() {
    return this.panel?.arms ?? [];
  }

  get arm() {
    return this.arms.find((arm) => arm.name === this.armName) ?? null;
  }

  /** The panel's name as edits call it. */
  get editPanel() {
    return this.panel?.edit_panel ?? this.panelName ?? "1";
  }

  choosePanel(name) {
    this.panelName = name;
    this.armName = this.arms[0]?.name ?? null;
    this.dispatchEvent(new CustomEvent("view", { detail: { isNew: true } }));
  }

  chooseArm(name) {
    if (name === this.armName) return;
    this.armName = name;
    this.dispatchEvent(new Event("arm"));
  }

  /** Why there is no reading to be shown yet; empty where there is one, or one made by hand. */
  get unread() {
    return { new: "Nothing has been read yet.", reading: "The figure is being read." }[this.view.status] ?? "";
  }

  /** Whether every step of undo is stored and shown. */
  get isSettled() {
    return this.waiting === 0;
  }

  /** Append edits, or what a function makes of the figure when it is their turn; `panel` is filled in. `said` is told to a screen reader. Gives whether it was done. */
  edit(edits, said = "") {
    const panel = this.editPanel;
    const make = () => (typeof edits === "function" ? edits() : edits).map((edit) => ("panel" in edit ? edit : { ...edit, panel }));
    return this.send("POST", "/edits", () => ({ edits: make() }), said);
  }

  /** Put another list in the place of all edits. */
  replaceEdits(edits) {
    return this.send("PUT", "/edits", { edits }, "Changed.");
  }

  undo() {
    return this.view?.can_undo || this.waiting ? this.send("POST", "/undo", {}, "Undone.") : this.nothing("There is nothing to undo.");
  }

  redo() {
    return this.view?.can_redo || this.waiting ? this.send("POST", "/redo", {}, "Done again.") : this.nothing("There is nothing to do again.");
  }

  nothing(text) {
    tell(text, { seconds: 2 });
    return Promise.resolve(false);
  }

  /** One change after the other, each with the revision that the last one gave. */
  send(method, rest, body, said) {
    this.waiting += 1;
    this.dispatchEvent(new Event("saving"));
    const done = this.queue.then(() => this.sendNow(method, rest, typeof body === "function" ? body() : body, said));
    this.queue = done.catch((error) => complain(error)).then((result) => {
      this.waiting -= 1;
      this.dispatchEvent(new Event("saving"));
      return Boolean(result);
    });
    return this.queue;
  }

  async sendNow(method, rest, body, said) {
    try {
      this.take(await ask(method, this.path(rest), { query: this.query, body: { ...body, revision: this.view.revision } }));
      if (said) say(said);
      return true;
    } catch (error) {
      return this.refused(error, method, rest, body, said);
    }
  }

  async refused(error, method, rest, body, said) {
    if (error.status === 409 && error.body.figure) {
      this.take(error.body.figure);
      tell("Somebody has changed this figure in the meantime. It is shown as it is now; your last change was not stored.", { kind: "error", actions: [["Do my change again", () => this.send(method, rest, body, said)]] });
      return false;
    }
    if (error.status === 503) {
      tell("The figure is being read just now; your change is stored as soon as that is done.", { seconds: 6 });
      await this.awaitReading();
      return this.sendNow(method, rest, body, said);
    }
    if (error.body?.can_keep && !body.keep) {
      this.take(this.view);
      if (await confirm(...question(error))) return this.sendNow(method, rest, { ...body, keep: true }, said);
      this.showStored();
      return false;
    }
    this.showStored();
    complain(error);
    return false;
  }

  /** Show everything as it is stored, also the fields in which something else was chosen or typed. */
  showStored() {
    this.dispatchEvent(new CustomEvent("view", { detail: { isNew: true } }));
  }

  /** Wait until a reading that is under way has ended, and take what it gave. */
  async awaitReading() {
    let status;
    do status = (await ask("GET", this.path("/status"), { query: { ...this.query, wait: 10 } })).status;
    while (status === "reading");
    await this.load();
  }

  /** Say that something is under way until some work is done. */
  async during(work) {
    this.waiting += 1;
    this.dispatchEvent(new Event("saving"));
    try {
      return await work;
    } finally {
      this.waiting -= 1;
      this.dispatchEvent(new Event("saving"));
    }
  }

  /** Look whether another window has changed the figure. */
  async refresh() {
    if (this.waiting || !this.view) return;
    const status = await ask("GET", this.path("/status"), { query: this.query });
    if (!this.waiting && (status.revision !== this.view.revision || status.status !== this.view.status)) await this.load();
  }

  /** The image, as a blob address. */
  image() {
    return picture(this.path("/image"), this.query);
  }
}
