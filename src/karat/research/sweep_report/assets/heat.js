/* Medians over a pair of axes, a cell for each pair of their bins. */

class HeatMap {
  constructor(frame, data) {
    this.data = data;
    this.cursor = null;
    this.pairs = data.pairs.map((pair) => ({
      ...pair,
      count: unpack(pair.count),
      medians: pair.medians.map(unpack),
    }));
    this.pairBox = frame.querySelector("[id$=pair]");
    this.figureBox = frame.querySelector("[id$=heat-figure]");
    for (const box of [this.pairBox, this.figureBox]) {
      box.addEventListener("change", () => {
        this.cursor = null;
        this.picture.redraw();
      });
    }
    this.picture = new Picture(frame, (context, width, height) => this.paint(context, width, height));
    const { canvas } = this.picture;
    canvas.addEventListener("pointermove", (event) => this.point(this.cellAt(event.offsetX, event.offsetY)));
    canvas.addEventListener("pointerdown", (event) => this.point(this.cellAt(event.offsetX, event.offsetY)));
    canvas.addEventListener("pointerleave", () => this.point(null));
    canvas.addEventListener("blur", () => this.point(null));
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  get pair() {
    return this.pairs[Number(this.pairBox.value)];
  }

  get figure() {
    return this.data.figures[Number(this.figureBox.value)];
  }

  get values() {
    return this.pair.medians[Number(this.figureBox.value)];
  }

  get sides() {
    return [this.data.axes[this.pair.x], this.data.axes[this.pair.y]];
  }

  point(cell) {
    if (String(cell) === String(this.cursor)) return;
    this.cursor = cell;
    this.picture.redraw();
  }

  key(event) {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!step) return;
    event.preventDefault();
    const [x, y] = this.sides;
    const [column, row] = this.cursor ?? this.markOf(this.data.centre) ?? [0, 0];
    const kept = (value, labels) => Math.min(Math.max(value, 0), labels.length - 1);
    this.point([kept(column + step[0], x.labels), kept(row + step[1], y.labels)]);
  }

  cellAt(px, py) {
    if (!this.box) return null;
    const [x, y] = this.sides;
    const column = Math.floor(((px - this.box.left) / this.box.width) * x.labels.length);
    const row = Math.floor(((this.box.top + this.box.height - py) / this.box.height) * y.labels.length);
    return column >= 0 && row >= 0 && column < x.labels.length && row < y.labels.length ? [column, row] : null;
  }

  markOf(places) {
    return places && [places[this.pair.x], places[this.pair.y]];
  }

  /** How values become colours: around zero where both signs mean something, from low to high otherwise. */
  scale() {
    const known = Array.from(this.values).filter(Number.isFinite);
    if (!known.length) return null;
    const [low, high] = [Math.min(...known), Math.max(...known)];
    const signedFigure = this.figure.name !== "trades" && !this.figure.low;
    if (signedFigure && (low < 0 || this.figure.share || this.figure.name === "sharpe")) {
      const full = Math.max(Math.abs(low), Math.abs(high)) || 1;
      const shade = (value) => mixed(DIVERGING, 0.5 + value / full / 2);
      return { low: -full, high: full, from: low, to: high, shade, ramp: DIVERGING };
    }
    const ramp = this.figure.low ? [...SEQUENTIAL].reverse() : SEQUENTIAL;
    const shade = (value) => mixed(ramp, high > low ? (value - low) / (high - low) : 0.5);
    return { low, high, from: low, to: high, shade, ramp };
  }

  paint(context, width, height) {
    const [x, y] = this.sides;
    const wide = Math.min(Math.max(...y.labels.map((label) => context.measureText(label).width)), width * 0.25);
    this.box = { left: wide + 44, top: 12, width: width - wide - 44 - 16, height: height - 12 - 48 };
    const scale = this.scale();
    this.say(scale);
    this.cells(context, scale);
    this.labels(context, height);
    this.mark(context, this.markOf(this.data.peak), false);
    this.mark(context, this.markOf(this.data.centre), true);
    if (this.cursor) this.frameOf(context, this.cursor);
  }

  size() {
    const [x, y] = this.sides;
    return [this.box.width / x.labels.length, this.box.height / y.labels.length];
  }

  corner([column, row]) {
    const [cellWidth, cellHeight] = this.size();
    return [this.box.left + column * cellWidth, this.box.top + this.box.height - (row + 1) * cellHeight];
  }

  cells(context, scale) {
    const [x, y] = this.sides;
    const [cellWidth, cellHeight] = this.size();
    const gap = Math.min(cellWidth, cellHeight) > 16 ? 2 : Math.min(cellWidth, cellHeight) > 7 ? 1 : 0;
    const { values, figure } = this;
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (let column = 0; column < x.labels.length; column++) {
      for (let row = 0; row < y.labels.length; row++) {
        const at = column * y.labels.length + row;
        if (!this.pair.count[at]) continue;
        const [left, top] = this.corner([column, row]);
        const rect = [left + gap / 2, top + gap / 2, cellWidth - gap, cellHeight - gap];
        if (!Number.isFinite(values[at])) {
          this.hatch(context, rect);
          continue;
        }
        const color = scale.shade(values[at]);
        context.fillStyle = css(color);
        context.fillRect(...rect);
        const text = figureText(figure, values[at], true);
        if (cellHeight > 22 && cellWidth > context.measureText(text).width + 10) {
          context.fillStyle = inkOn(color);
          context.fillText(text, left + cellWidth / 2, top + cellHeight / 2 + 0.5);
        }
      }
    }
  }

  /** Simulated, and without a figure. */
  hatch(context, [left, top, width, height]) {
    context.save();
    context.beginPath();
    context.rect(left, top, width, height);
    context.clip();
    context.fillStyle = token("surface-2");
    context.fillRect(left, top, width, height);
    for (let start = left - height; start < left + width; start += 6) {
      path(context, token("line-strong"), [[start, top + height], [start + height, top]]);
    }
    context.restore();
  }

  labels(context, height) {
    const [x, y] = this.sides;
    const [cellWidth, cellHeight] = this.size();
    context.fillStyle = token("axis");
    context.textBaseline = "middle";
    context.textAlign = "right";
    const everyRow = Math.ceil(14 / cellHeight);
    const room = this.box.left - 36;
    for (let row = 0; row < y.labels.length; row += everyRow) {
      const text = fitted(context, y.labels[row], room);
      context.fillText(text, this.box.left - 8, this.corner([0, row])[1] + cellHeight / 2);
    }
    context.textAlign = "center";
    const widest = Math.max(...x.labels.map((label) => context.measureText(label).width));
    const every = Math.ceil((Math.min(widest, 90) + 10) / cellWidth);
    const bottom = this.box.top + this.box.height;
    for (let column = 0; column < x.labels.length; column += every) {
      const middle = this.corner([column, 0])[0] + cellWidth / 2;
      context.fillText(fitted(context, x.labels[column], every * cellWidth - 4), middle, bottom + 13);
    }
    context.font = this.picture.font(500);
    context.fillStyle = token("text-2");
    context.fillText(x.name, this.box.left + this.box.width / 2, height - 12);
    context.save();
    context.translate(13, this.box.top + this.box.height / 2);
    context.rotate(-Math.PI / 2);
    context.fillText(y.name, 0, 0);
    context.restore();
    context.font = this.picture.font();
  }

  /** The chosen centre filled, the best variant a ring; both are edged, to be seen on every colour. */
  mark(context, cell, filled) {
    if (!cell) return;
    const [cellWidth, cellHeight] = this.size();
    const [left, top] = this.corner(cell);
    const inner = Math.max(4, Math.min(6, Math.min(cellWidth, cellHeight) / 4));
    const radius = filled ? inner : inner + 4; // both fit into one cell, around each other
    const aside = cellHeight > 34 && cellWidth > 34; // beside the figure that is written in the middle
    const [x, y] = aside ? [left + cellWidth - inner - 11, top + inner + 11] : [left + cellWidth / 2, top + cellHeight / 2];
    const ring = (color, width) => {
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.strokeStyle = color;
      context.lineWidth = width;
      context.stroke();
    };
    if (filled) {
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fillStyle = token("text");
      context.fill();
      ring(token("bg"), 2);
      return;
    }
    ring(token("bg"), 4);
    ring(token("text"), 2);
  }

  frameOf(context, cell) {
    const [cellWidth, cellHeight] = this.size();
    context.strokeStyle = token("text");
    context.lineWidth = 2;
    context.strokeRect(this.corner(cell)[0] + 1, this.corner(cell)[1] + 1, cellWidth - 2, cellHeight - 2);
  }

  say(scale) {
    const [x, y] = this.sides;
    const parts = [];
    if (scale) {
      const ramp = document.createElement("span");
      ramp.className = "ramp";
      ramp.style.setProperty("background", `linear-gradient(90deg, ${scale.ramp.map((name) => token(name)).join(", ")})`);
      parts.push([figureText(this.figure, scale.low)], ramp, [figureText(this.figure, scale.high)]);
      parts.push([`cells from ${figureText(this.figure, scale.from)} to ${figureText(this.figure, scale.to)}`]);
    } else {
      parts.push(["undefined for every variant"]);
    }
    if (this.cursor) {
      const at = this.cursor[0] * y.labels.length + this.cursor[1];
      const [value, count] = [this.values[at], this.pair.count[at]];
      const none = count ? "undefined" : "not simulated";
      const text = Number.isFinite(value) ? figureText(this.figure, value) : none;
      parts.push([`${x.name} ${x.labels[this.cursor[0]]}, ${y.name} ${y.labels[this.cursor[1]]}`]);
      parts.push([`${named(this.figure.name)} ${text}`, true], [plural(count, "variant")]);
    }
    tell(this.picture.legend, parts);
  }
}
