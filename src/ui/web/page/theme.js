// Applies the chosen colour scheme before anything is painted.
const chosen = localStorage.getItem("shopblast-theme");
if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
