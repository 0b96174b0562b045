// Numbers as people read and type them.

/** With so many significant digits, without an exponent; a dash where there is none. */
export function short(value, digits = 3) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const places = Math.max(0, Math.min(8, digits - 1 - Math.floor(Math.log10(Math.abs(value)))));
  return String(Number(value.toFixed(places))).replace("-", "−");
}

/** With so many decimals. */
export const fixed = (value, places = 2) => (value === null || value === undefined || !Number.isFinite(value) ? "–" : value.toFixed(places).replace(/^-(0(\.0*)?)$/, "$1").replace("-", "−"));

/** A p value: `0.03`, `< 0.001`. */
export const pValue = (value) => (value === null || value === undefined ? "–" : value < 0.001 ? "< 0.001" : value.toFixed(value < 0.1 ? 3 : 2));

/** Two ends of an interval. */
export const interval = (ends, places = 2) => (ends ? `${fixed(ends[0], places)} to ${fixed(ends[1], places)}` : "–");

/** What was typed as a number, with a comma or a point; NaN where it is none. */
export function typed(text) {
  const clean = String(text).trim().replace(/\s/g, "").replace("−", "-").replace(/^(-?\d*),(\d+)$/, "$1.$2").replace(/%$/, "");
  return clean === "" ? NaN : Number(clean);
}

/** A whole number of people, 0 or more; null for an empty cell, NaN for anything else. */
export function typedCount(text) {
  const clean = String(text).trim();
  if (clean === "" || clean === "-" || clean === "–") return null;
  return /^\d+$/.test(clean) ? Number(clean) : NaN;
}

/** Numbers parted by spaces, commas, semicolons or tabs. */
export const typedList = (text) => String(text).trim().split(/[\s;,]+/).filter(Boolean);

export const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;
