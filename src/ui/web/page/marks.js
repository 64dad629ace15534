// What stands out in the charts: edits, ramps and violations, as lines with numbers, and in words.
import { byId, el, show } from "./dom.js";
import { clock } from "./numbers.js";

/** How each kind looks, and what it is called. */
const KINDS = {
  edit: ["--line-4", "Edit"],
  reset: ["--line-5", "Reset"],
  ramp: ["--line-1", "Ramp"],
  broken: ["--line-bad", "Violation"],
  limit: ["--line-2", "Generator"],
  lost: ["--line-bad", "Lost"],
};

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Draws the marks of the time that is shown: a dashed line each, with its number above. */
export function drawMarks(plot, marks) {
  const { ctx, bbox, scales } = plot;
  if (scales.x.min === null || scales.x.min === undefined) return;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  ctx.textAlign = "center";
  ctx.lineWidth = ratio;
  let free = -Infinity;
  marks.forEach(({ at_s: at, kind }, index) => {
    if (at < scales.x.min || at > scales.x.max) return;
    const x = plot.valToPos(at, "x", true);
    const [name] = KINDS[kind];
    ctx.strokeStyle = colour(name);
    ctx.fillStyle = colour(name);
    ctx.setLineDash([4 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    // A number that would cover the one before is left to the list.
    if (x - free < 12 * ratio) return;
    ctx.fillText(String(index + 1), x, bbox.top - 3 * ratio);
    free = x;
  });
  ctx.restore();
}

let shown = "";

/** The marks in words, below the charts. */
export function listMarks(marks) {
  const key = JSON.stringify(marks);
  if (key === shown) return;
  shown = key;
  show(byId("marks"), marks.length > 0);
  const item = ({ at_s: at, kind, text }) =>
    el("li", {}, el("span", { class: "when" }, clock(at)), el("strong", { "data-kind": kind }, KINDS[kind][1]), ` ${text}`);
  byId("marks-list").replaceChildren(...marks.map(item));
}
