// From pointers to gestures: the tool's own, or moving and zooming the figure. At most one step of a gesture in each frame.

const STILL_PX = 3;

export class Pointer {
  constructor(bench) {
    this.bench = bench;
    this.down = new Map();
    this.gesture = null;
    this.isSpace = false;
    const { svg } = bench.sheet;
    svg.addEventListener("pointerdown", (event) => this.pressed(event));
    svg.addEventListener("pointermove", (event) => this.moved(event));
    svg.addEventListener("pointerup", (event) => this.released(event));
    svg.addEventListener("pointercancel", () => this.cancel());
    svg.addEventListener("contextmenu", (event) => event.preventDefault());
    svg.addEventListener("auxclick", (event) => event.preventDefault());
  }

  pressed(event) {
    const { bench } = this;
    bench.sheet.measure();
    bench.sheet.svg.focus({ preventScroll: true });
    this.down.set(event.pointerId, event);
    bench.sheet.svg.setPointerCapture(event.pointerId);
    if (this.down.size === 2) {
      this.gesture?.cancel?.();
      this.gesture = null;
      return;
    }
    if (this.down.size > 2 || event.button === 2) return;
    bench.sheet.isHeld = true;
    this.first = this.last = event;
    this.hasMoved = false;
    const start = bench.sheet.toSheet(event);
    this.gesture = this.isSpace || event.button === 1 ? { isPan: true } : bench.tool.down(bench, start, event);
  }

  moved(event) {
    const { bench } = this;
    if (this.down.size === 2 && this.down.has(event.pointerId)) return this.pinched(event);
    if (!this.down.size) return this.hovered(event);
    if (!this.gesture || !this.down.has(event.pointerId)) return null;
    if (Math.hypot(event.clientX - this.first.clientX, event.clientY - this.first.clientY) > STILL_PX) this.hasMoved = true;
    if (!this.hasMoved) return null;
    if (this.gesture.isPan) {
      bench.sheet.pan(event.clientX - this.last.clientX, event.clientY - this.last.clientY);
      this.last = event;
      return null;
    }
    if (this.gesture.everyEvent) for (const each of event.getCoalescedEvents?.() ?? []) this.gesture.move(bench.sheet.toSheet(each), each);
    this.newest = event;
    this.frame ??= requestAnimationFrame(() => this.step());
    return null;
  }

  step() {
    this.frame = null;
    if (!this.gesture?.move || !this.newest) return;
    const place = this.bench.sheet.toSheet(this.newest);
    this.gesture.move(place, this.newest);
    this.bench.tellPlace(place);
  }

  hovered(event) {
    this.hover = event;
    this.hoverFrame ??= requestAnimationFrame(() => {
      this.hoverFrame = null;
      const place = this.bench.sheet.toSheet(this.hover);
      this.bench.tellPlace(place);
      this.bench.sheet.svg.dataset.cursor = this.isSpace ? "grab" : (this.bench.tool.hover?.(this.bench, place) ?? "cross");
    });
  }

  released(event) {
    this.down.delete(event.pointerId);
    const { gesture } = this;
    this.gesture = null;
    if (!this.down.size) setTimeout(() => this.down.size || this.bench.sheet.hold(false));
    if (this.frame) {
      cancelAnimationFrame(this.frame);
      this.frame = null;
    }
    if (!gesture) return;
    const place = this.bench.sheet.toSheet(event);
    if (this.hasMoved) gesture.move?.(place, event);
    gesture.up?.(place, event, this.hasMoved);
    this.bench.loupe.hide();
  }

  pinched(event) {
    const other = [...this.down.entries()].find(([id]) => id !== event.pointerId)[1];
    const before = this.down.get(event.pointerId);
    this.down.set(event.pointerId, event);
    const [was, is] = [before, event].map((one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY));
    const { sheet } = this.bench;
    const middle = [(event.clientX + other.clientX) / 2 - sheet.frame.left, (event.clientY + other.clientY) / 2 - sheet.frame.top];
    sheet.pan((event.clientX - before.clientX) / 2, (event.clientY - before.clientY) / 2);
    if (was > 0) sheet.zoom(is / was, middle);
    return null;
  }

  /** Let go; what was dragged stays where it was. Gives whether there was anything. */
  cancel() {
    const { gesture } = this;
    this.down.clear();
    this.bench.sheet.hold(false);
    this.gesture = null;
    gesture?.cancel?.();
    return Boolean(gesture);
  }
}
