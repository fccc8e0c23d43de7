/* A canvas over bars that can be dragged, zoomed and read with mouse, fingers or keys. What is drawn is given. */

const AXIS_HEIGHT = 22;
const BARS_MIN = 8;

class Chart {
  /** `draw(chart)` paints; `tell(bar)` writes what bar says, null for none; `from` to `to` are bars shown first. */
  constructor(frame, { ts, from, to, draw, tell }) {
    this.frame = frame;
    this.canvas = frame.querySelector("canvas");
    this.context = this.canvas.getContext("2d");
    this.ts = ts;
    this.draw = draw;
    this.tell = tell;
    this.cursor = null;
    this.pointers = new Map();
    this.axisWidth = 64;
    this.waiting = false;
    this.show(from, to);
    this.listen();
    new ResizeObserver(() => this.redraw()).observe(this.canvas);
    themeListeners.push(() => this.redraw());
  }

  get plotWidth() {
    return this.canvas.clientWidth - this.axisWidth;
  }

  get plotHeight() {
    return this.canvas.clientHeight - AXIS_HEIGHT;
  }

  get barWidth() {
    return this.plotWidth / (this.to - this.from);
  }

  /** First and last bar to be seen, whole. */
  get seen() {
    return [Math.max(0, Math.floor(this.from)), Math.min(this.ts.length - 1, Math.ceil(this.to) - 1)];
  }

  /** Middle of a bar in pixels. */
  x(bar) {
    return (bar + 0.5 - this.from) * this.barWidth;
  }

  barAt(x) {
    const [first, last] = this.seen;
    return Math.min(last, Math.max(first, Math.floor(this.from + x / this.barWidth)));
  }

  /** Show bars `from` to `to`, kept inside what there is. */
  show(from, to) {
    const span = Math.min(Math.max(to - from, BARS_MIN), Math.max(this.ts.length, BARS_MIN));
    this.from = Math.max(Math.min(from, this.ts.length - span), 0);
    this.to = this.from + span;
    this.redraw();
  }

  pan(bars) {
    this.show(this.from + bars, this.to + bars);
  }

  zoom(factor, around) {
    const span = Math.min(Math.max((this.to - this.from) * factor, BARS_MIN), Math.max(this.ts.length, BARS_MIN));
    const share = (around - this.from) / (this.to - this.from);
    this.show(around - share * span, around + (1 - share) * span);
  }

  point(bar) {
    this.cursor = bar;
    this.tell(bar);
    this.redraw();
  }

  redraw() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.paint();
    });
  }

  paint() {
    const ratio = devicePixelRatio || 1;
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !this.ts.length) return;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.context.clearRect(0, 0, width, height);
    this.context.font = `${token("text-2xs") === "0.75rem" ? 12 : 11}px ${token("font")}`;
    this.draw(this);
  }

  /** Vertical grid lines and their times; the canvas is the caller's otherwise. */
  timeAxis() {
    const { context, plotHeight: height, plotWidth: width } = this;
    const [first, last] = this.seen;
    context.textAlign = "center";
    context.textBaseline = "middle";
    let free = 0;
    for (const { bar, label } of timeTicks(this.ts, first, last, Math.max(2, width / 84))) {
      const x = Math.round(this.x(bar) - this.barWidth / 2) + 0.5;
      const half = context.measureText(label).width / 2;
      if (x - half < free || x + half > width) continue;
      free = x + half + 14;
      stroke(context, token("grid"), [[x, 0], [x, height]]);
      context.fillStyle = token("axis");
      context.fillText(label, x, height + AXIS_HEIGHT / 2 + 1);
    }
  }

  /** Horizontal grid lines of one pane and what they stand for; heights that are `taken` by tags stay free of words. */
  valueAxis(pane, count, text, taken = []) {
    const { context, plotWidth: width } = this;
    const { step, values } = valueTicks(pane.low, pane.high, count);
    context.textAlign = "left";
    context.textBaseline = "middle";
    for (const value of values) {
      const y = Math.round(pane.y(value)) + 0.5;
      if (y < pane.top + 5 || y > pane.bottom - 5) continue;
      stroke(context, token("grid"), [[0, y], [width, y]]);
      if (taken.some((height) => Math.abs(height - y) < 16)) continue;
      context.fillStyle = token("axis");
      context.fillText(text(value, step), width + 8, y);
    }
  }

  /** A filled label on the value axis. */
  tag(y, text, ink, paper) {
    const { context, plotWidth: width } = this;
    context.fillStyle = paper;
    context.fillRect(width + 2, y - 9, this.axisWidth - 2, 18);
    context.fillStyle = ink;
    context.textAlign = "left";
    context.textBaseline = "middle";
    context.fillText(text, width + 8, y + 0.5);
  }

  crosshair() {
    if (this.cursor === null) return;
    const x = Math.round(this.x(this.cursor)) + 0.5;
    if (x < 0 || x > this.plotWidth) return;
    stroke(this.context, token("crosshair"), [[x, 0], [x, this.plotHeight]], { dash: [3, 3] });
  }

  listen() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => this.press(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, (event) => this.pointers.delete(event.pointerId));
    }
    canvas.addEventListener("pointerleave", () => this.point(null));
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("blur", () => this.point(null));
    for (const button of this.frame.querySelectorAll("[data-range]")) {
      button.addEventListener("click", () => this.range(Number(button.dataset.range)));
    }
  }

  /** The last `days` of what is shown, from its right end; 0 shows all. */
  range(days) {
    const end = days ? Math.min(this.ts.length, Math.round(this.to)) : this.ts.length;
    const start = days ? firstAtLeast(this.ts, this.ts[end - 1] - days * DAY) : 0;
    this.show(start, end);
  }

  press(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.pointers.set(event.pointerId, event.offsetX);
  }

  move(event) {
    const before = this.pointers.get(event.pointerId);
    if (before === undefined) {
      this.point(this.barAt(event.offsetX));
      return;
    }
    const width = this.barWidth;
    if (this.pointers.size === 2) {
      const [other] = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, x]) => x);
      const apart = Math.max(12, Math.abs(before - other));
      this.zoom(apart / Math.max(12, Math.abs(event.offsetX - other)), this.from + other / width);
    } else {
      this.pan((before - event.offsetX) / width);
      this.point(this.barAt(event.offsetX));
    }
    this.pointers.set(event.pointerId, event.offsetX);
  }

  /** The wheel scrolls the page until the chart has focus; with Ctrl it always zooms. */
  wheel(event) {
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (!sideways && !event.ctrlKey && document.activeElement !== this.canvas) return;
    event.preventDefault();
    if (sideways) this.pan(event.deltaX / this.barWidth);
    else this.zoom(Math.exp(event.deltaY * 0.0015), this.from + event.offsetX / this.barWidth);
  }

  key(event) {
    const span = this.to - this.from;
    const from = this.cursor ?? this.seen[1];
    const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -Math.ceil(span / 2), PageDown: Math.ceil(span / 2) };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in steps) this.walk(from + steps[event.key] * (event.shiftKey ? 10 : 1));
    else if (event.key === "Home") this.walk(0);
    else if (event.key === "End") this.walk(this.ts.length - 1);
    else if (event.key === "+" || event.key === "=") this.zoom(0.7, from);
    else if (event.key === "-") this.zoom(1 / 0.7, from);
    else if (event.key === "0") this.range(0);
    else return;
    event.preventDefault();
  }

  /** Put the cursor on a bar and bring the bar into view. */
  walk(bar) {
    const place = Math.min(this.ts.length - 1, Math.max(0, bar));
    if (place < this.from) this.pan(place - this.from);
    if (place + 1 > this.to) this.pan(place + 1 - this.to);
    this.point(place);
  }
}

/** A pane of a chart: values `low` to `high` between two heights. */
function pane(top, bottom, low, high) {
  const scale = high > low ? (bottom - top) / (high - low) : 0;
  return { top, bottom, low, high, y: (value) => (scale ? bottom - (value - low) * scale : (top + bottom) / 2) };
}

/** Words that stay readable on whatever is behind them. */
function haloText(context, text, x, y) {
  context.lineWidth = 3;
  context.lineJoin = "round";
  context.strokeStyle = token("surface");
  context.strokeText(text, x, y);
  context.fillStyle = token("text");
  context.fillText(text, x, y);
}

function stroke(context, colour, points, { width = 1, dash = [] } = {}) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.setLineDash(dash);
  context.beginPath();
  points.forEach(([x, y], place) => (place ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.stroke();
  context.setLineDash([]);
}

/** What draws itself on a chart, and says in its legend what a bar was: the one pointed at, else the last. */
class Drawing {
  /** Show the bars from `from` on, all that there are. */
  begin(frame, ts, from = 0) {
    this.legend = frame.querySelector(".legend");
    const draw = () => this.draw();
    this.chart = new Chart(frame, { ts, from, to: ts.length, draw, tell: (bar) => this.tell(bar) });
    this.tell(null);
  }
}
