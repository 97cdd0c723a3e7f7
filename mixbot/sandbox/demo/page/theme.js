// Dark or light: as the system has it, or as chosen here for this tab.

export const THEMES = { auto: "As the system", dark: "Dark", light: "Light" };

export const chosen = () => sessionStorage.getItem("theme") || "auto";

export function wear(theme) {
  if (!(theme in THEMES)) return;
  sessionStorage.setItem("theme", theme);
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
