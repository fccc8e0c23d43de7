/* Read the data of the page and bring its charts to life. */

const data = JSON.parse(document.getElementById("data").textContent);
startTheme();
for (const [name, curves] of Object.entries(data.curves)) {
  if (curves) new Curves(document.getElementById(name), curves);
}
for (const [name, search] of Object.entries(data.searches)) {
  if (!search) continue;
  const heat = document.getElementById(`${name}-heat`);
  if (heat) new HeatMap(heat, search);
  new Lines(document.getElementById(`${name}-lines`), search);
}
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => (one.open = true)));
root.dataset.ready = "true";
