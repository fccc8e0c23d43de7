/** Server-sent events read from a fetch, because EventSource cannot carry a token. */

export interface Frame {
  readonly event: string;
  readonly data: string;
  readonly id: string | undefined;
}

/** Cuts a stream of text into frames as the HTML standard says; `push` may be given any pieces. */
export class FrameParser {
  #rest = "";
  #event = "";
  #data: string[] = [];
  #id: string | undefined;

  push(text: string): Frame[] {
    const frames: Frame[] = [];
    this.#rest += text;
    for (;;) {
      const end = /\r\n|\n|\r(?!$)/.exec(this.#rest);
      if (!end) return frames;
      const line = this.#rest.slice(0, end.index);
      this.#rest = this.#rest.slice(end.index + end[0].length);
      const frame = this.#line(line);
      if (frame) frames.push(frame);
    }
  }

  #line(line: string): Frame | undefined {
    if (line === "") return this.#finish();
    if (line.startsWith(":")) return undefined; // a ping
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#event = value;
    else if (field === "data") this.#data.push(value);
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    return undefined;
  }

  #finish(): Frame | undefined {
    const frame = { event: this.#event || "message", data: this.#data.join("\n"), id: this.#id };
    const empty = this.#data.length === 0;
    this.#event = "";
    this.#data = [];
    return empty ? undefined : frame;
  }
}

/** Yields the frames of `response` until it ends; `heard` is called on every piece, pings too. */
export async function* readFrames(response: Response, heard: () => void): AsyncGenerator<Frame> {
  if (!response.body) return;
  const parser = new FrameParser();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      yield* parser.push(value);
    }
  } finally {
    reader.cancel().catch(() => undefined); // already closed is closed
  }
}
