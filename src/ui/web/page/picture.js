// A chart as a picture: with its title, its legend, and which test it is of.
import { colour } from "./charts.js";

const MARGIN = 16;
const LINE = 20;

/** Saves the chart in the figure `figure` as a PNG; `words` say which test it shows. */
export async function savePicture(figure, words, name) {
  const drawn = figure.querySelector("canvas");
  const title = figure.querySelector("figcaption .title").textContent.trim();
  const legend = [...figure.querySelectorAll(".u-legend .u-series:not(.u-off)")].slice(1);
  const ratio = devicePixelRatio;
  const canvas = document.createElement("canvas");
  const width = drawn.width / ratio + 2 * MARGIN;
  const height = drawn.height / ratio + 2 * MARGIN + 3 * LINE;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const paint = canvas.getContext("2d");
  paint.scale(ratio, ratio);
  paint.fillStyle = colour("--card");
  paint.fillRect(0, 0, width, height);
  paint.textBaseline = "top";
  paint.fillStyle = colour("--ink");
  paint.font = "600 15px system-ui, sans-serif";
  paint.fillText(title, MARGIN, MARGIN);
  paint.drawImage(drawn, MARGIN, MARGIN + LINE, drawn.width / ratio, drawn.height / ratio);
  paint.font = "12px system-ui, sans-serif";
  const below = MARGIN + LINE + drawn.height / ratio + 4;
  let left = MARGIN;
  for (const series of legend) {
    const text = series.querySelector(".u-label").textContent;
    const mark = series.querySelector(".u-marker");
    paint.fillStyle = getComputedStyle(mark).borderTopColor;
    paint.fillRect(left, below + 2, 10, 10);
    paint.fillStyle = colour("--ink");
    paint.fillText(text, left + 15, below);
    left += 30 + paint.measureText(text).width;
  }
  paint.fillStyle = colour("--muted");
  paint.fillText(words, MARGIN, below + LINE, width - 2 * MARGIN);
  const picture = await new Promise((done) => canvas.toBlob(done, "image/png"));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(picture);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Puts a button into each figure that saves its chart; `told` says of which test, now. */
export function offerPictures(told, failed) {
  for (const button of document.querySelectorAll("button.save")) {
    const figure = button.closest("figure");
    const what = figure.querySelector("figcaption .title").textContent.trim();
    button.setAttribute("aria-label", `Save picture: ${what}`);
    button.addEventListener("click", () => {
      const { words, run } = told();
      const id = figure.querySelector("[id^=chart-]").id;
      savePicture(figure, words, `${run || "shopblast"}-${id}.png`).catch((error) =>
        failed(`Save picture: ${error.message}`),
      );
    });
  }
}
