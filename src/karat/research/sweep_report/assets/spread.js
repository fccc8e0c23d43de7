/* How a figure is spread over every variant, with the best, the chosen centre and luck. */

class Spread {
  constructor(frame, data, name) {
    this.figure = data.figures.find((figure) => figure.name === name);
    this.counted = data.counts[name];
    this.luck = name === "sharpe" ? data.luck : null;
    this.centre = data.marks.centre?.[name] ?? null;
    this.best = data.marks.best?.[name] ?? null;
    this.picture = new Picture(frame, (context, width, height) => this.paint(context, width, height));
  }

  paint(context, width, height) {
    const { counts, low, high, below, undefined: unknown } = this.counted;
    const parts = [];
    if (this.best !== null) parts.push([`best ${figureText(this.figure, this.best)}`, true]);
    if (this.centre !== null) parts.push([`chosen centre ${figureText(this.figure, this.centre)}`]);
    if (this.counted.median !== null) parts.push([`median ${figureText(this.figure, this.counted.median)}`]);
    if (this.luck !== null) parts.push([`luck ${figureText(this.figure, this.luck)}`]);
    if (below) parts.push([`${fixed(below, 0)} further left`]);
    if (unknown) parts.push([`${fixed(unknown, 0)} undefined`]);
    tell(this.picture.legend, parts);
    if (!counts.length) {
      context.fillStyle = token("text-2");
      context.textAlign = "center";
      context.fillText("Undefined for every variant.", width / 2, height / 2);
      return;
    }
    const marks = [this.luck, this.centre, this.best].filter((value) => value !== null);
    let [from, to] = [Math.min(low, ...marks), Math.max(high, ...marks)];
    if (!(to > from)) [from, to] = [from - 0.5, to + 0.5];
    const room = (to - from) * 0.03;
    const plot = { left: 12, right: width - 12, top: 26, bottom: height - 26 };
    const x = (value) => plot.left + ((value - from + room) / (to - from + 2 * room)) * (plot.right - plot.left);
    this.axis(context, plot, x, from, to);
    this.bars(context, plot, x, low, high);
    this.lines(context, plot, x);
  }

  axis(context, plot, x, from, to) {
    context.textAlign = "center";
    context.textBaseline = "middle";
    const { values } = valueTicks(from, to, Math.max(3, (plot.right - plot.left) / 90));
    const places = to - from > 0.08 ? 0 : 2;
    for (const value of values) {
      path(context, token("grid"), [[x(value), plot.top], [x(value), plot.bottom]]);
      context.fillStyle = token("axis");
      const text = this.figure.share ? `${fixed(value * 100, places)}%` : fixed(value, to - from > 20 ? 0 : to - from > 1 ? 1 : 3);
      context.fillText(text, x(value), plot.bottom + 14);
    }
    path(context, token("line-strong"), [[plot.left, plot.bottom], [plot.right, plot.bottom]]);
  }

  bars(context, plot, x, low, high) {
    const { counts } = this.counted;
    const most = Math.max(...counts);
    const step = (high - low) / counts.length;
    counts.forEach((count, at) => {
      if (!count) return;
      const [left, right] = step > 0 ? [x(low + at * step), x(low + (at + 1) * step)] : [x(low) - 6, x(low) + 6];
      const tall = Math.max(1, (count / most) * (plot.bottom - plot.top));
      const middle = low + (at + 0.5) * step;
      context.fillStyle = token(this.figure.low || this.figure.name === "trades" ? "series-6" : middle < 0 ? "div-n2" : "div-p2");
      context.fillRect(left, plot.bottom - tall, Math.max(1, right - left - 1), tall);
    });
  }

  lines(context, plot, x) {
    let free = [];
    const write = (value, text, color, dash) => {
      const at = Math.round(x(value)) + 0.5;
      path(context, color, [[at, plot.top - 4], [at, plot.bottom]], { width: 1.5, dash });
      const half = context.measureText(text).width / 2 + 4;
      const middle = Math.min(Math.max(at, half + 2), plot.right + 10 - half);
      const row = free.some(([left, right]) => middle + half > left && middle - half < right) ? 20 : 8;
      free.push([middle - half, middle + half]);
      context.fillStyle = token("surface");
      context.fillRect(middle - half + 2, row - 7, 2 * half - 4, 14);
      context.fillStyle = color;
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.fillText(text, middle, row);
    };
    if (this.best !== null) write(this.best, "best", token("text"), []);
    if (this.luck !== null) write(this.luck, "luck", token("warn"), [5, 3]);
    if (this.centre === null) return;
    context.beginPath();
    context.arc(x(this.centre), plot.bottom, 5, 0, 2 * Math.PI);
    context.fillStyle = token("text");
    context.fill();
    context.strokeStyle = token("surface");
    context.lineWidth = 2;
    context.stroke();
  }
}
