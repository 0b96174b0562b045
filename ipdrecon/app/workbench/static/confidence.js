// How sure a reading is: a word, for a colour and for a pattern that says the same without colour.

const SURE = 0.9;
const FAIR = 0.7;

/** `sure`, `fair` or `unsure`; `unknown` where nobody has said. */
export function grade(confidence) {
  if (confidence === null || confidence === undefined) return "unknown";
  return confidence >= SURE ? "sure" : confidence >= FAIR ? "fair" : "unsure";
}

/** The grade of a tick: by how far it lies off the straight scale, in px. */
export function tickGrade(tick) {
  if (tick.used === false) return "unsure";
  const off = Math.abs(tick.off ?? tick.residual ?? 0);
  return off <= 0.75 ? "sure" : off <= 1.5 ? "fair" : "unsure";
}

const WORDS = { sure: "sure", fair: "fairly sure", unsure: "doubtful", unknown: "not judged" };
export const word = (name) => WORDS[name];
