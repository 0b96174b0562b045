// Elements of the page, made without a framework.

const SVG = "http://www.w3.org/2000/svg";

function dress(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" && element.tagName === "INPUT") {
      element.defaultValue = value;
      element.addEventListener("change", () => { element.defaultValue = element.value; });
    } else if (name === "value" || name === "checked" || name === "selected" || name === "htmlFor") element[name] = value;
    else if (name === "data") Object.assign(element.dataset, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** An HTML element: `h("button", {class: "quiet", onclick: f}, "Undo")`. */
export const h = (tag, properties, ...children) => dress(document.createElement(tag), properties, children);

/** An SVG element. */
export const s = (tag, properties, ...children) => dress(document.createElementNS(SVG, tag), properties, children);

/** A button with its key, which a screen reader hears too. */
export function button(label, does, { key = "", kind = "", title = "", icon = null, disabled = false } = {}) {
  const spoken = key ? `${title || label} (${key})` : title || undefined;
  return h("button", { type: "button", class: kind, title: spoken, disabled, onclick: does }, icon, h("span", {}, label), key && kind.includes("keyed") ? h("kbd", {}, key) : null);
}

let nextField = 0;

/** A label with its control; `control` is any input or select. */
export function field(label, control, { hint = "", kind = "" } = {}) {
  control.id ||= `field-${++nextField}`;
  const words = h("label", { htmlFor: control.id }, label);
  const help = hint ? h("small", { id: `${control.id}-hint` }, hint) : null;
  if (help) control.setAttribute("aria-describedby", help.id);
  return h("div", { class: `field ${kind}` }, words, control, help);
}

/** A drop-down list; options are texts or `[value, text]`. */
export function choice(options, chosen, onchange, properties = {}) {
  const made = options.map((option) => (Array.isArray(option) ? option : [option, option]));
  return h("select", { ...properties, onchange: (event) => onchange(event.target.value) }, made.map(([value, text]) => h("option", { value, selected: value === chosen }, text)));
}

/** What was told as a change, by field: it is not typed any more. */
const told = new WeakMap();
document.addEventListener("change", ({ target }) => told.set(target, target.value), true);

/** Put other children into an element; focus and half-typed words stay where they were, if what had them is still there. */
export function fill(element, ...children) {
  const old = element.contains(document.activeElement) ? document.activeElement : null;
  const kept = old?.dataset.keep;
  const [from, to] = kept && old.tagName === "INPUT" ? [old.selectionStart, old.selectionEnd] : [];
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  const now = kept ? element.querySelector(`[data-keep="${CSS.escape(kept)}"]`) : null;
  now?.focus({ preventScroll: true });
  if (now && typeof from === "number") now.setSelectionRange(from, to);
  if (now && old.tagName === "INPUT" && old.value !== (told.get(old) ?? old.defaultValue)) carryOver(old.value, now, from, to);
  return element;
}

/** Go on with what was being typed; it is told as a change when the field is left. */
function carryOver(text, now, from, to) {
  now.value = text;
  if (typeof from === "number") now.setSelectionRange(from, to);
  let isTold = false;
  now.addEventListener("change", () => { isTold = true; }, { once: true });
  now.addEventListener("blur", () => isTold || now.dispatchEvent(new Event("change", { bubbles: true })), { once: true });
}

/** Whether somebody is typing, so that letters are no commands. */
export const isTyping = (target) => target instanceof HTMLElement && (target.matches("input:not([type=range]):not([type=checkbox]):not([type=radio]), textarea, select") || target.isContentEditable);
