// What of a table or a chart is shown: chosen here, remembered by the browser.
import { el } from "./dom.js";

/** What is remembered under `name`; nothing where the browser remembers nothing. */
function remembered(name) {
  try {
    return JSON.parse(localStorage.getItem(`shopblast-${name}`));
  } catch {
    return null;
  }
}

function remember(name, value) {
  try {
    localStorage.setItem(`shopblast-${name}`, JSON.stringify(value));
  } catch {
    // It holds until the page is left.
  }
}

/**
 * Boxes that unfold below `label`, one for each of `choices`: a text, and whether it is hidden at
 * first. `changed` is told the set of those that are hidden, at once and after each change.
 */
export function chooser(name, label, choices, changed) {
  const known = remembered(name);
  const hidden = new Set(
    Array.isArray(known) ? known : choices.filter(([, isHidden]) => isHidden).map(([text]) => text),
  );
  const box = ([text]) => {
    const input = el("input", { type: "checkbox", checked: !hidden.has(text) });
    input.addEventListener("change", () => {
      if (input.checked) hidden.delete(text);
      else hidden.add(text);
      remember(name, [...hidden]);
      changed(hidden);
    });
    return el("label", {}, input, ` ${text}`);
  };
  changed(hidden);
  const summary = el("summary", {}, label);
  const details = el(
    "details",
    { class: "chooser" },
    summary,
    el("div", { class: "choices" }, ...choices.map(box)),
  );
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !details.open) return;
    details.open = false;
    summary.focus();
  });
  // It covers what lies below it, and goes when somebody turns to that.
  document.addEventListener("click", (event) => {
    if (!details.contains(event.target)) details.open = false;
  });
  return details;
}
