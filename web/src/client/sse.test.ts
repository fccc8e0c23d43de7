import { expect, test } from "vitest";
import { type Frame, FrameParser, readFrames } from "./sse";

const STREAM =
  "retry: 1000\nevent: hello\ndata: {\"a\": 1}\n\n: ping\n\nid: 7\nevent: event\ndata: one\ndata: two\n\ndata:bare\n\n";

const FRAMES: Frame[] = [
  { event: "hello", data: '{"a": 1}', id: undefined },
  { event: "event", data: "one\ntwo", id: "7" },
  { event: "message", data: "bare", id: "7" },
];

test("frames are cut the same whatever the pieces", () => {
  for (let size = 1; size <= STREAM.length; size++) {
    const parser = new FrameParser();
    const found: Frame[] = [];
    for (let at = 0; at < STREAM.length; at += size) found.push(...parser.push(STREAM.slice(at, at + size)));
    expect(found).toEqual(FRAMES);
  }
});

test("lines may end in any way the standard allows", () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const parser = new FrameParser();
    expect(parser.push(STREAM.replaceAll("\n", end) + end)).toEqual(FRAMES);
  }
});

test("a frame that was not finished is not told", () => {
  expect(new FrameParser().push("event: event\ndata: half")).toEqual([]);
});

test("a response is read to its end, and every piece is heard", async () => {
  let heard = 0;
  const frames: Frame[] = [];
  for await (const frame of readFrames(new Response(STREAM), () => heard++)) frames.push(frame);
  expect(frames).toEqual(FRAMES);
  expect(heard).toBeGreaterThan(0);
});
