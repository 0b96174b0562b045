// A round glass that shows the figure's own px, enlarged, with what was read across it.

import { h } from "./dom.js";

const SIDE = 168;
const POWER = 8;

export class Loupe {
  constructor(sheet) {
    this.sheet = sheet;
    this.canvas = h("canvas", { class: "loupe", width: SIDE, height: SIDE, "aria-hidden": "true", hidden: true });
    this.pen = this.canvas.getContext("2d");
    this.image = null;
  }

  setImage(address) {
    this.image = new Image();
    this.image.src = address;
  }

  hide() {
    this.canvas.hidden = true;
  }

  /** Show the surroundings of a place, in the corner that is farthest from it; `curve` is px of the curve in hand. */
  show([x, y], curve = null) {
    if (!this.image?.complete) return;
    const { width, height } = this.sheet.frame;
    const [left, top] = this.sheet.toWindow([x, y]);
    this.canvas.hidden = false;
    this.canvas.classList.toggle("right", left < width / 2);
    this.canvas.classList.toggle("low", left < width / 2 ? top < height / 2 : top < SIDE + 40);
    const pen = this.pen;
    const seen = SIDE / POWER;
    pen.imageSmoothingEnabled = false;
    pen.fillStyle = "#e4e2dc";
    pen.fillRect(0, 0, SIDE, SIDE);
    pen.drawImage(this.image, x + 0.5 - seen / 2, y + 0.5 - seen / 2, seen, seen, 0, 0, SIDE, SIDE);
    const place = ([px, py]) => [(px - x + seen / 2) * POWER, (py - y + seen / 2) * POWER];
    if (curve) this.drawCurve(curve, place);
    pen.strokeStyle = "rgba(196, 0, 72, .75)";
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(SIDE / 2, 0);
    pen.lineTo(SIDE / 2, SIDE);
    pen.moveTo(0, SIDE / 2);
    pen.lineTo(SIDE, SIDE / 2);
    pen.stroke();
  }

  drawCurve(curve, place) {
    const pen = this.pen;
    pen.beginPath();
    curve.forEach((point, k) => {
      const [x, y] = place(point);
      if (k === 0) pen.moveTo(x, y);
      else {
        pen.lineTo(x, place(curve[k - 1])[1]);
        pen.lineTo(x, y);
      }
    });
    pen.strokeStyle = "rgba(0, 90, 200, .9)";
    pen.lineWidth = 2;
    pen.stroke();
  }
}
