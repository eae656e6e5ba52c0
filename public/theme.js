// Applies the chosen theme before the first paint and handles the choice; also says that JavaScript is there.
(() => {
  const root = document.documentElement;
  const read = () => { try { return localStorage.getItem("theme") || "system"; } catch { return "system"; } };
  const apply = (theme) => {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
    for (const button of document.querySelectorAll("[data-theme-choice]"))
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === theme));
  };
  root.dataset.js = "";
  apply(read());
  addEventListener("DOMContentLoaded", () => apply(read()));
  addEventListener("storage", () => apply(read()));
  addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-theme-choice]");
    if (!button) return;
    try { localStorage.setItem("theme", button.dataset.themeChoice); } catch { /* for this page only */ }
    apply(button.dataset.themeChoice);
  });
})();
