// Questions and lists that stand above the page.

import { button, h } from "./dom.js";

/** Open a dialogue; it is closed by Escape, and the focus goes back. */
export function open(title, ...children) {
  const before = document.activeElement;
  const dialog = h("dialog", { class: "dialog", "aria-label": title }, h("button", { type: "button", class: "quiet close", "aria-label": "Close", onclick: () => dialog.close() }, "✕"), h("h2", {}, title), ...children);
  dialog.addEventListener("close", () => {
    dialog.remove();
    before?.focus?.();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** Ask for yes or no. */
export function confirm(title, text, yes = "Yes", no = "Cancel") {
  return new Promise((resolve) => {
    const dialog = open(title, h("p", {}, text), h("div", { class: "row end" }, button(no, () => dialog.close()), button(yes, () => { resolve(true); dialog.close(); }, { kind: "main" })));
    dialog.addEventListener("close", () => resolve(false));
    dialog.querySelector("button.main").focus();
  });
}

/** Ask for a line of text; null where it was left. `refuse` says what is wrong with a text, or nothing. */
export function askText(title, label, value = "", refuse = () => "") {
  return new Promise((resolve) => {
    const input = h("input", { value, "aria-label": label, required: true, maxlength: 200, oninput: () => input.setCustomValidity(refuse(input.value.trim())) });
    input.setCustomValidity(refuse(value));
    const form = h("form", { method: "dialog", onsubmit: () => resolve(input.value.trim() || null) }, h("label", {}, label, input), h("div", { class: "row end" }, button("Cancel", () => dialog.close()), h("button", { class: "main" }, "OK")));
    const dialog = open(title, form);
    dialog.addEventListener("close", () => resolve(null));
    input.select();
  });
}
