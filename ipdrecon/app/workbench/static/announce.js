// What the page says: to the eye in a corner, to a screen reader always.

import { h } from "./dom.js";

/** Say something to a screen reader only. */
export function say(text) {
  const place = document.getElementById("said");
  place.textContent = place.textContent === text ? `${text} ` : text;
}

/** Show a message; `actions` are `[label, function]`. Errors stay longer. */
export function tell(text, { kind = "note", actions = [], seconds = kind === "error" ? 25 : 5 } = {}) {
  const place = document.getElementById("toasts");
  for (const old of [...place.children]) if (old.dataset.text === text) old.remove();
  const close = () => toast.remove();
  const toast = h("div", { class: `toast ${kind}`, role: kind === "error" ? "alert" : "status", data: { text } }, h("p", {}, text));
  for (const [label, does] of actions) toast.append(h("button", { type: "button", onclick: () => { close(); does(); } }, label));
  toast.append(h("button", { type: "button", class: "quiet", "aria-label": "Close this message", onclick: close }, "✕"));
  place.append(toast);
  while (place.children.length > 3) place.firstChild.remove();
  if (seconds) setTimeout(close, seconds * 1000);
  return close;
}

/** Show what went wrong. */
export function complain(error) {
  if (error.name === "AbortError") return;
  tell(error.message.replace(/^edit \d+ \(\w+\): (.)/, (_, first) => first.toUpperCase()), { kind: "error" });
  if (!("status" in error)) console.error(error);
}
