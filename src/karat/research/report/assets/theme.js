/* Dark or light, and the colours of profit and loss: the reader's system decides until the reader does. */

const root = document.documentElement;
const themeListeners = [];
const tokens = new Map(); // computed styles are slow to ask for, and charts ask often

function kept(name) {
  try {
    return localStorage.getItem(`karat.${name}`);
  } catch {
    return null; // storage is switched off: the system's choice stands
  }
}

function keep(name, value) {
  try {
    localStorage.setItem(`karat.${name}`, value);
  } catch {
    // storage is switched off: the choice lasts as long as the page
  }
}

/** The value of a token, for what is drawn on a canvas. */
function token(name) {
  if (!tokens.has(name)) tokens.set(name, getComputedStyle(root).getPropertyValue(`--k-${name}`).trim());
  return tokens.get(name);
}

function retint() {
  tokens.clear();
  for (const listener of themeListeners) listener();
}

function setTheme(theme) {
  root.dataset.theme = theme;
  const button = document.getElementById("theme");
  button.textContent = theme === "dark" ? "Light" : "Dark";
  button.setAttribute("aria-label", `Show the ${theme === "dark" ? "light" : "dark"} theme`);
  retint();
}

function setPalette(name) {
  if (name === "default") delete root.dataset.pnl;
  else root.dataset.pnl = name;
  retint();
}

/** Wire the two controls, follow the system, and print in light. */
function startTheme() {
  const system = matchMedia("(prefers-color-scheme: light)");
  const bySystem = () => (system.matches ? "light" : "dark");
  const chosen = () => (["dark", "light"].includes(kept("theme")) ? kept("theme") : bySystem());
  const palette = document.getElementById("palette");
  const knownPalette = [...palette.options].some((option) => option.value === kept("pnl"));
  palette.value = knownPalette ? kept("pnl") : "default";
  setPalette(palette.value);
  setTheme(chosen());
  document.getElementById("theme").addEventListener("click", () => {
    setTheme(root.dataset.theme === "dark" ? "light" : "dark");
    keep("theme", root.dataset.theme);
  });
  palette.addEventListener("change", () => {
    keep("pnl", palette.value);
    setPalette(palette.value);
  });
  system.addEventListener("change", () => setTheme(chosen()));
  let before = "";
  addEventListener("beforeprint", () => {
    before = root.dataset.theme;
    setTheme("light");
  });
  addEventListener("afterprint", () => setTheme(before));
}
