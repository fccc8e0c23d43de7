// Runs before the first paint, so that the page never flashes in the other theme.
(() => {
  const kept = (name) => {
    try {
      return localStorage.getItem(`karat.${name}`);
    } catch {
      return null; // storage is switched off: the system's choice stands
    }
  };
  const system = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
  const root = document.documentElement;
  const theme = kept("theme");
  root.dataset.theme = theme === "light" || theme === "dark" ? theme : system;
  const pnl = kept("pnl");
  if (pnl === "blue-orange" || pnl === "red-up") root.dataset.pnl = pnl;
})();
