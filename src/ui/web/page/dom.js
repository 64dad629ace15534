// Builds elements. Every text goes in as text: nothing that a target sends can become markup.

export const byId = (id) => document.getElementById(id);

/** An element with attributes and children; a string child is a text. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Changes a text only when it differs, so that screen readers and selections are left alone. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function show(element, visible) {
  element.hidden = !visible;
}

/** Shows a message in an element for errors, or hides it without one. */
export function complain(element, message) {
  setText(element, message ?? "");
  show(element, Boolean(message));
}

export function emptyNote(text) {
  return el("p", { class: "empty" }, text);
}
