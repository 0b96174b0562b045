// Every key of the workbench, in one table: it acts, and it is shown under `?`.

import { h, isTyping } from "./dom.js";
import { open } from "./dialog.js";

/** Of the figure view: `[keys, name of the command, what it does]`, by group. */
export const GROUPS = {
  "Go": [
    ["?", "keys", "This list"],
    ["D / Shift D", "doubt", "Next / last doubtful place"],
    ["+  −  0", "zoom", "Nearer, farther, the whole figure"],
    ["1 … 9", "arm", "Choose an arm"],
    ["F2", "tabs", "From the figure to the panel beside it, and back"],
    ["Esc", "leave", "Let go of what is selected; back to mending"],
  ],
  "Tools": [
    ["V", "mend", "Mend: select and drag anything that was read"],
    ["P", "point", "Add a point to the chosen arm"],
    ["S", "stroke", "Redraw a stretch by a rough stroke"],
    ["M", "mark", "Add a censor mark"],
    ["T", "tick", "Add a tick"],
    ["R", "stretch", "Choose a stretch, to give it to another arm"],
    ["B", "box", "Draw the plotting box"],
  ],
  "Select and move, in the figure": [
    [".  ,", "step", "Next, last tick, point or mark"],
    ["X", "kinds", "From ticks to points to marks"],
    ["← ↑ → ↓", "nudge", "Move what is selected by 0.1 px, with Shift by 1 px; else move the figure"],
    ["Enter", "type", "Type its value; in a placing tool, place it at the cross"],
    ["Delete", "delete", "Take away what is selected"],
    ["Space and drag", "pan", "Move the figure; the wheel zooms"],
  ],
  "Always": [
    ["Ctrl Z", "undo", "Undo"],
    ["Ctrl Shift Z", "redo", "Redo"],
    ["H", "hide", "Hide and show what was read"],
    ["K", "rebuilt", "Hide and show the rebuilt curves"],
  ],
};

/** Show the list of keys. */
export function showKeys() {
  const groups = Object.entries(GROUPS).map(([name, rows]) => h("section", {}, h("h3", {}, name), h("dl", { class: "keys" }, rows.map(([keys, , does]) => [h("dt", {}, keys.split(" ").filter(Boolean).map((key) => (/^[/…]$|^and$|^drag$/.test(key) ? ` ${key} ` : h("kbd", {}, key)))), h("dd", {}, does)]))));
  open("Keys", h("p", {}, "In lists and tables, Tab and the arrow keys go from field to field, Enter stores. Everything is stored at once."), h("div", { class: "columns" }, groups));
}

/** On a page that has no other keys: `?` shows the list. */
export const listenForKeys = (signal) => window.addEventListener("keydown", (event) => command(event) === "keys" && showKeys(), { signal });

const PLAIN = { v: "mend", p: "point", s: "stroke", m: "mark", t: "tick", r: "stretch", b: "box", h: "hide", k: "rebuilt", x: "kinds", ".": "next", ",": "last", "+": "nearer", "=": "nearer", "-": "farther", 0: "whole", "?": "keys", Escape: "leave", Delete: "delete", Backspace: "delete", F2: "tabs" };

/** The command of a key press, or null: letters are none while somebody types. */
export function command(event) {
  const letter = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if ((event.ctrlKey || event.metaKey) && !event.altKey) {
    if (isTyping(event.target)) return null;
    if (letter === "z") return event.shiftKey ? "redo" : "undo";
    return letter === "y" ? "redo" : null;
  }
  if (event.altKey) return null;
  if (event.key === "F2") return "tabs";
  if (isTyping(event.target) || document.querySelector("dialog[open]")) return null;
  if (letter === "d") return event.shiftKey ? "doubt back" : "doubt";
  if (/^[1-9]$/.test(letter)) return `arm ${letter}`;
  return PLAIN[letter] ?? PLAIN[event.key] ?? null;
}
