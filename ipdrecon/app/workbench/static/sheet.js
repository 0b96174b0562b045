// The sheet of the figure in its window: zoom, pan, and from places of the window to px of the sheet.

import { s } from "./dom.js";

const LEAST = 0.05;
const MOST = 40;
const BESIDE_PX = 56;
const AROUND_PX = 120;
const NEAR = 3;

export class Sheet extends EventTarget {
  constructor() {
    super();
    this.world = s("g", { class: "world" });
    this.svg = s("svg", { class: "sheet", tabindex: "0", role: "application", "aria-label": "The figure, with everything that was read" }, this.world);
    this.size = [1, 1];
    this.scale = 1;
    this.offset = [0, 0];
    this.isFitted = true;
    this.frame = this.svg.getBoundingClientRect();
    new ResizeObserver(() => this.resized()).observe(this.svg);
    this.svg.addEventListener("wheel", (event) => this.wheeled(event), { passive: false });
  }

  resized() {
    this.frame = this.svg.getBoundingClientRect();
    if (this.isFitted && !this.isHeld) this.whole(); // what is in hand stays under the hand
    else this.apply();
  }

  setSize(size) {
    const isNew = size[0] !== this.size[0] || size[1] !== this.size[1];
    this.size = size;
    if (isNew) this.whole();
  }

  /** While something is held, the sheet stays where it is, whatever happens around it. */
  hold(isHeld) {
    this.isHeld = isHeld;
    if (!isHeld && this.isFitted) this.whole();
  }

  /** Show all of the sheet. */
  whole() {
    const { width, height } = this.frame;
    if (!width || !height) return;
    const room = width - BESIDE_PX;
    this.scale = Math.min((room - 24) / this.size[0], (height - 24) / this.size[1], 4);
    this.offset = [(room - this.size[0] * this.scale) / 2, (height - this.size[1] * this.scale) / 2];
    this.isFitted = true;
    this.apply();
  }

  apply() {
    this.world.setAttribute("transform", `translate(${this.offset[0]} ${this.offset[1]}) scale(${this.scale})`);
    this.svg.style.setProperty("--unit", 1 / this.scale);
    this.dispatchEvent(new Event("moved"));
  }

  /** The frame may have gone elsewhere in the page since it was measured. */
  measure() {
    this.frame = this.svg.getBoundingClientRect();
  }

  /** The px of the sheet under a pointer. */
  toSheet(event) {
    return [(event.clientX - this.frame.left - this.offset[0]) / this.scale, (event.clientY - this.frame.top - this.offset[1]) / this.scale];
  }

  /** Where a place of the sheet lies in the window of the sheet. */
  toWindow([x, y]) {
    return [x * this.scale + this.offset[0], y * this.scale + this.offset[1]];
  }

  get centre() {
    return [(this.frame.width / 2 - this.offset[0]) / this.scale, (this.frame.height / 2 - this.offset[1]) / this.scale];
  }

  /** Zoom about a place of the window (its middle, where none is given). */
  zoom(factor, at = [this.frame.width / 2, this.frame.height / 2]) {
    const scale = Math.min(Math.max(this.scale * factor, LEAST), MOST);
    const ratio = scale / this.scale;
    this.offset = [at[0] - (at[0] - this.offset[0]) * ratio, at[1] - (at[1] - this.offset[1]) * ratio];
    this.scale = scale;
    this.isFitted = false;
    this.apply();
  }

  pan(dx, dy) {
    this.offset = [this.offset[0] + dx, this.offset[1] + dy];
    this.isFitted = false;
    this.apply();
  }

  /** Bring a box of the sheet into the middle, near enough to judge it. */
  goTo([left, top, right, bottom]) {
    const { width, height } = this.frame;
    const whole = Math.min(width / this.size[0], height / this.size[1]);
    const fits = Math.min(width / (right - left + AROUND_PX), height / (bottom - top + AROUND_PX));
    this.scale = Math.min(Math.max(Math.min(fits, NEAR * whole), LEAST), MOST);
    this.offset = [width / 2 - ((left + right) / 2) * this.scale, height / 2 - ((top + bottom) / 2) * this.scale];
    this.isFitted = false;
    this.apply();
  }

  /** Bring a place into view, without zooming. */
  reveal([x, y]) {
    const [left, top] = this.toWindow([x, y]);
    const margin = 60;
    const dx = left < margin ? margin - left : left > this.frame.width - margin ? this.frame.width - margin - left : 0;
    const dy = top < margin ? margin - top : top > this.frame.height - margin ? this.frame.height - margin - top : 0;
    if (dx || dy) this.pan(dx, dy);
  }

  wheeled(event) {
    event.preventDefault();
    this.measure();
    const step = event.deltaMode === 1 ? 30 : 1;
    if (event.shiftKey && !event.ctrlKey) this.pan(-(event.deltaX + event.deltaY) * step, 0);
    else this.zoom(Math.exp(-event.deltaY * step * (event.ctrlKey ? 0.01 : 0.0018)), [event.clientX - this.frame.left, event.clientY - this.frame.top]);
  }
}
