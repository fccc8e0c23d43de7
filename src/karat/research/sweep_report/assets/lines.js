/* Parallel coordinates: a line a variant through all it sets, to what it is worth. */

const PLOT = { left: 46, right: 64, top: 34, bottom: 16 };

class Lines {
  constructor(frame, data) {
    this.data = data;
    const { lines } = data;
    this.bins = lines.bins.map(unpack);
    this.rank = unpack(lines.rank);
    this.variant = unpack(lines.variant);
    this.values = lines.values.map(unpack);
    this.axes = data.axes.slice(0, this.bins.length);
    this.goal = data.figures[0];
    this.brushes = new Map();
    this.range = this.rangeOf(this.values[0]);
    this.shareBox = frame.querySelector("[id$=share]");
    this.clear = frame.querySelector("[id$=clear]");
    this.shareBox.addEventListener("change", () => this.changed());
    this.clear.addEventListener("click", () => {
      this.brushes.clear();
      this.changed();
    });
    this.hovered = null;
    this.picture = new Picture(frame, (context, width, height) => this.paint(context, width, height));
    this.listen();
  }

  /** From the lowest to the highest value, the worst hundredth of the lines left outside. */
  rangeOf(values) {
    const known = Array.from(values).filter(Number.isFinite).sort((one, other) => one - other);
    if (!known.length) return [0, 1];
    const cut = Math.floor(known.length / 100);
    const [low, high] = this.goal.low ? [known[0], known[known.length - 1 - cut]] : [known[cut], known[known.length - 1]];
    return high > low ? [low, high] : [low - 0.5, high + 0.5];
  }

  changed() {
    this.clear.disabled = !this.brushes.size;
    this.picture.redraw();
  }

  get count() {
    return this.axes.length + 1;
  }

  x(axis) {
    return PLOT.left + (axis * (this.width - PLOT.left - PLOT.right)) / Math.max(1, this.count - 1);
  }

  y(axis, line) {
    const { top, bottom } = PLOT;
    const span = this.height - top - bottom;
    if (axis === this.axes.length) {
      const value = this.values[0][line];
      if (!Number.isFinite(value)) return this.height - 5; // below the axis: it has none
      const share = (value - this.range[0]) / (this.range[1] - this.range[0]);
      return top + span * (1 - Math.min(Math.max(share, 0), 1));
    }
    const labels = this.axes[axis].labels.length;
    const spread = (((this.variant[line] * 0.6180339887) % 1) - 0.5) * 0.45; // lines of one bin apart from each other
    return top + span * (1 - (this.bins[axis][line] + 0.5 + spread) / labels);
  }

  /** Among the best share of all that have a value, and inside every brush. */
  isShown(line) {
    const share = Number(this.shareBox.value) / 100;
    const { known } = this.data.lines;
    if (share < 1 && this.rank[line] >= Math.max(1, Math.ceil(share * known))) return false;
    for (const [axis, [low, high]] of this.brushes) {
      const y = this.y(axis, line);
      if (y < low * this.height || y > high * this.height) return false;
    }
    return true;
  }

  paint(context, width, height) {
    this.width = width;
    this.height = height;
    const shown = [];
    const others = [];
    for (let line = this.rank.length - 1; line >= 0; line--) (this.isShown(line) ? shown : others).push(line);
    context.globalAlpha = 0.6; // of a faint colour: many fainter ones would not add up to grey
    for (const line of others) this.stroke(context, line, token("line"), 1);
    context.globalAlpha = Math.min(0.9, Math.max(0.12, 90 / Math.max(1, shown.length)));
    for (const line of shown) this.stroke(context, line, css(this.shade(line)), 1.25);
    context.globalAlpha = 1;
    const { marked = null } = this.data.lines;
    if (marked !== null) this.stroke(context, marked, token("gold-solid"), 3);
    if (this.hovered !== null) this.stroke(context, this.hovered, token("text"), 2.5);
    for (let axis = 0; axis < this.count; axis++) this.axis(context, axis);
    this.say(shown);
  }

  stroke(context, line, color, width) {
    const points = [];
    for (let axis = 0; axis < this.count; axis++) points.push([this.x(axis), this.y(axis, line)]);
    path(context, color, points, { width });
  }

  shade(line) {
    const value = this.values[0][line];
    if (!Number.isFinite(value)) return rgb(token("line-strong"));
    const full = Math.max(Math.abs(this.range[0]), Math.abs(this.range[1])) || 1;
    if (this.goal.low) return mixed(["series-1", "series-6"], value / full);
    return value < 0 ? mixed(["div-n2", "div-n3"], -value / full) : mixed(["div-p2", "div-p3"], value / full);
  }

  axis(context, axis) {
    const x = this.x(axis);
    const last = axis === this.axes.length;
    path(context, token("line-strong"), [[x, PLOT.top], [x, this.height - PLOT.bottom]]);
    const gap = (this.width - PLOT.left - PLOT.right) / Math.max(1, this.count - 1);
    context.textBaseline = "middle";
    context.textAlign = axis === 0 ? "left" : last ? "right" : "center";
    context.font = this.picture.font(500);
    context.fillStyle = token("text-2");
    const name = last ? named(this.goal.name) : this.axes[axis].name;
    const end = axis === 0 ? PLOT.left - 8 : last ? PLOT.right - 8 : 0;
    const high = gap < 96 && axis % 2 ? 24 : 9;
    const room = gap < 96 ? 2 * gap - 16 : gap - 14;
    context.fillText(fitted(context, name, axis === 0 || last ? room / 2 + end : room), axis === 0 ? 8 : last ? this.width - 8 : x, high);
    context.font = this.picture.font();
    this.ticks(context, axis, x, gap);
    const brush = this.brushes.get(axis);
    if (!brush) return;
    context.fillStyle = token("accent");
    context.globalAlpha = 0.3;
    context.fillRect(x - 7, brush[0] * this.height, 14, (brush[1] - brush[0]) * this.height);
    context.globalAlpha = 1;
    context.strokeStyle = token("accent");
    context.lineWidth = 1;
    context.strokeRect(x - 7, brush[0] * this.height, 14, (brush[1] - brush[0]) * this.height);
  }

  ticks(context, axis, x, gap) {
    const last = axis === this.axes.length;
    const span = this.height - PLOT.top - PLOT.bottom;
    const widest = last ? 0 : Math.max(...this.axes[axis].labels.map((label) => context.measureText(label).width));
    const outside = axis === 0 && widest < PLOT.left - 8; // else beside the axis, as those of all others
    context.textAlign = outside ? "right" : "left";
    const side = outside ? -6 : 6;
    const write = (text, y) => {
      const words = fitted(context, text, outside ? PLOT.left - 8 : last ? PLOT.right - 8 : gap * 0.6);
      const width = context.measureText(words).width;
      context.fillStyle = token("surface");
      context.globalAlpha = 0.8;
      context.fillRect(outside ? x + side - width - 2 : x + side - 2, y - 7, width + 4, 14);
      context.globalAlpha = 1;
      context.fillStyle = token("axis");
      context.fillText(words, x + side, y);
    };
    if (last) {
      const { values } = valueTicks(this.range[0], this.range[1], 6);
      for (const value of values) {
        const share = (value - this.range[0]) / (this.range[1] - this.range[0]);
        write(figureText(this.goal, value, !this.goal.share || this.range[1] - this.range[0] > 0.06), PLOT.top + span * (1 - share));
      }
      if (this.data.lines.known < this.data.lines.of) write("none", this.height - 6);
      return;
    }
    const { labels } = this.axes[axis];
    const every = Math.ceil((labels.length * 20) / span);
    for (let bin = 0; bin < labels.length; bin += every) {
      write(labels[bin], PLOT.top + span * (1 - (bin + 0.5) / labels.length));
    }
  }

  say(shown) {
    const known = shown.map((line) => this.values[0][line]).filter(Number.isFinite).sort((one, other) => one - other);
    const parts = [[`${fixed(shown.length, 0)} of ${plural(this.rank.length, "line")} in colour`, true]];
    if (known.length) {
      const middle = (known[(known.length - 1) >> 1] + known[known.length >> 1]) / 2;
      parts.push([`${named(this.goal.name)} ${figureText(this.goal, known[0])} to ${figureText(this.goal, known[known.length - 1])}`]);
      parts.push([`median ${figureText(this.goal, middle)}`]);
    }
    if (this.hovered !== null) {
      const set = this.axes.map((axis, at) => `${axis.name} ${axis.labels[this.bins[at][this.hovered]]}`);
      parts.push([`variant ${this.variant[this.hovered]}: ${set.join(", ")}, ${this.goal.name} ${figureText(this.goal, this.values[0][this.hovered])}`]);
    }
    tell(this.picture.legend, parts);
  }

  listen() {
    const { canvas } = this.picture;
    let from = null;
    canvas.addEventListener("pointerdown", (event) => {
      const axis = this.axisAt(event.offsetX);
      if (axis === null) return;
      canvas.setPointerCapture(event.pointerId);
      from = { axis, y: event.offsetY };
    });
    canvas.addEventListener("pointermove", (event) => {
      if (from && Math.abs(event.offsetY - from.y) > 3) {
        const ends = [from.y, event.offsetY].sort((one, other) => one - other);
        this.brushes.set(from.axis, ends.map((end) => Math.min(Math.max(end, PLOT.top - 4), this.height) / this.height));
        this.changed();
      } else if (!from) {
        this.hover(event.offsetX, event.offsetY);
      }
    });
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, (event) => {
        if (from && Math.abs(event.offsetY - from.y) <= 3) this.brushes.delete(from.axis);
        from = null;
        this.changed();
      });
    }
    canvas.addEventListener("pointerleave", () => this.hover(null, null));
  }

  axisAt(x) {
    for (let axis = 0; axis < this.count; axis++) if (Math.abs(this.x(axis) - x) < 14) return axis;
    return null;
  }

  /** The coloured line nearest to a point. */
  hover(px, py) {
    let [best, near] = [null, 6];
    for (let line = 0; px !== null && line < this.rank.length; line++) {
      const gap = (this.width - PLOT.left - PLOT.right) / Math.max(1, this.count - 1);
      const left = Math.min(Math.max(Math.floor((px - PLOT.left) / gap), 0), Math.max(0, this.count - 2));
      const share = (px - this.x(left)) / gap;
      if (share < 0 || share > 1) break;
      const [one, other] = [this.y(left, line), this.y(Math.min(left + 1, this.count - 1), line)];
      const away = Math.abs(one + (other - one) * share - py);
      if (away < near && this.isShown(line)) [best, near] = [line, away];
    }
    if (best === this.hovered) return;
    this.hovered = best;
    this.picture.redraw();
  }
}
