/* A canvas that is painted again when its size or the theme changes, and colours between the tokens. */

class Picture {
  /** `paint(context, width, height)` draws everything. */
  constructor(frame, paint) {
    this.frame = frame;
    this.canvas = frame.querySelector("canvas");
    this.context = this.canvas.getContext("2d");
    this.legend = frame.querySelector(".legend");
    this.draw = paint;
    this.waiting = false;
    new ResizeObserver(() => this.redraw()).observe(this.canvas);
    themeListeners.push(() => this.redraw());
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
    if (!width) return;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.context.clearRect(0, 0, width, height);
    this.context.font = this.font();
    this.draw(this.context, width, height);
  }

  font(weight = "") {
    return `${weight} ${token("text-2xs") === "0.75rem" ? 12 : 11}px ${token("font")}`.trim();
  }
}

function path(context, color, points, { width = 1, dash = [] } = {}) {
  context.strokeStyle = color;
  context.lineWidth = width;
  context.setLineDash(dash);
  context.beginPath();
  points.forEach(([x, y], at) => (at ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.stroke();
  context.setLineDash([]);
}

function rgb(hex) {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** The colour at `share` (0 to 1) of a ramp of tokens. */
function mixed(names, share) {
  const place = Math.min(Math.max(share, 0), 1) * (names.length - 1);
  const at = Math.min(Math.floor(place), names.length - 2);
  const [from, to] = [rgb(token(names[at])), rgb(token(names[at + 1]))];
  return from.map((value, channel) => Math.round(value + (to[channel] - value) * (place - at)));
}

function css(color) {
  return `rgb(${color.join(" ")})`;
}

/** Black or white, whichever reads better on a colour. */
function inkOn(color) {
  const light = color.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2] > 0.18 ? "#0b1220" : "#ffffff";
}

const DIVERGING = ["div-n3", "div-n2", "div-n1", "div-0", "div-p1", "div-p2", "div-p3"];
const SEQUENTIAL = ["seq-0", "seq-1", "seq-2", "seq-3", "seq-4", "seq-5", "seq-6"];

/** A figure of a variant, as the tables write it. */
function figureText(figure, value, short = false) {
  if (!Number.isFinite(value)) return NOTHING;
  if (figure.share) {
    const text = `${figure.low ? fixed(value * 100, short ? 0 : 2) : signed(value * 100, short ? 0 : 2)}%`;
    return text;
  }
  if (figure.name === "trades") return fixed(value, 0);
  if (figure.name === "sharpe") return signed(value, 2);
  return fixed(value, short ? 2 : 3);
}

function named(name) {
  return /^\w+$/.test(name) ? name[0].toUpperCase() + name.slice(1).replaceAll("_", " ") : name;
}

/** Text cut to a width. */
function fitted(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  let cut = text;
  while (cut.length > 1 && context.measureText(`${cut}…`).width > width) cut = cut.slice(0, -1);
  return `${cut}…`;
}

/** Words into the line above a chart; parts are [text, is it strong]. */
function tell(legend, parts) {
  legend.replaceChildren(
    ...parts.map((part) => {
      if (part instanceof Node) return part;
      const [text, strong] = part;
      const element = document.createElement(strong ? "b" : "span");
      element.textContent = text;
      return element;
    }),
  );
}
