/* Read the data of the page and bring its charts to life. */

const data = JSON.parse(document.getElementById("data").textContent);
startTheme();
const frames = Object.fromEntries(["heat", "lines", "spread-goal", "spread-sharpe"].map((name) => [name, document.getElementById(name)]));
if (frames.heat) new HeatMap(frames.heat, data);
if (frames.lines) new Lines(frames.lines, data);
if (frames["spread-goal"]) new Spread(frames["spread-goal"], data, data.goal);
if (frames["spread-sharpe"]) new Spread(frames["spread-sharpe"], data, "sharpe");
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => (one.open = true)));
root.dataset.ready = "true";
