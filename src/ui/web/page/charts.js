// Charts over time, drawn by uPlot, with one cursor and one range for all of them.
import { byId } from "./dom.js";
import { drawMarks } from "./marks.js";
import { clock, short } from "./numbers.js";

const HEIGHT = 210;
/** Pixels that somebody drags over at least to zoom. */
const SHORTEST_DRAG = 5;
/** Steps of the axis of time, in seconds: all of them are whole. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];

/** Each chart: where it is, and its lines: label, key of a point, colour, whether it is filled. */
export const CHARTS = [
  ["chart-rate", [["Requests/s", "requests_per_s", "--line-1", true], ["Failures/s", "failures_per_s", "--line-bad", true]]],
  ["chart-response", [["p50", "p50_ms", "--line-1"], ["p95", "p95_ms", "--line-2"], ["p99", "p99_ms", "--line-3"]]],
  ["chart-users", [["Users", "users", "--line-9", true]]],
  ["chart-parts", [["Response", "p99_ms", "--line-3"], ["Service", "service_p99_ms", "--line-6"], ["Send lag", "lag_p99_ms", "--line-9"]]],
  ["chart-events", [["All events", "events_per_s", "--line-2", true], ["Through an outbox", "outbox_events_per_s", "--line-6"]]],
  ["chart-backlog", [["Backlog", "backlog", "--line-3", true]]],
  ["chart-cpu", [["CPU %", "cpu_percent", "--line-6", true]]],
];

export const colour = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export class Charts {
  /** Calls `zoomed` whenever a part of the time is chosen, or none is any more. */
  constructor(zoomed) {
    this.points = [];
    this.marks = [];
    this.drawn = [];
    this.hidden = new Set();
    this.zoom = null;
    this.latest_s = null;
    this.zoomed = zoomed;
    this.build();
    this.observer = new ResizeObserver(() => this.fit());
    for (const [id] of CHARTS) this.observer.observe(byId(id));
  }

  /** Draws everything anew, in the colours of the scheme that is in use now. */
  build() {
    for (const { plot } of this.drawn) plot.destroy();
    this.drawn = CHARTS.map(([id, lines]) => {
      const place = byId(id);
      const settings = options(lines, place.clientWidth || 400, this);
      const plot = new uPlot(settings, this.columns(lines), place);
      return { id, plot, lines, place };
    });
    this.hide(this.hidden);
    this.redraw();
  }

  /** Starts from `points`; what was zoomed into is left when they are of another test. */
  restart(points, isOther) {
    this.points = [...points];
    if (isOther) this.zoomTo(null);
    this.redraw();
  }

  /** Adds the latest point, unless it is known already. */
  add(point) {
    const latest = this.points.at(-1);
    if (!point || (latest && latest.at_s >= point.at_s)) return;
    this.points.push(point);
    this.redraw();
  }

  mark(marks) {
    const isNews = marks.length !== this.marks.length;
    this.marks = marks;
    if (isNews) this.redraw();
  }

  /** Shows a part of the time, which stays chosen while seconds come in; all of it without one. */
  zoomTo(range) {
    this.zoom = range;
    this.zoomed(range !== null);
    this.redraw();
  }

  /** Shows the latest `seconds`; all of them without a number. */
  showLatest(seconds) {
    this.latest_s = seconds;
    this.zoomTo(null);
  }

  /** Leaves out the lines that are called `CHART LABEL`. */
  hide(hidden) {
    this.hidden = hidden;
    for (const { id, plot, lines } of this.drawn) {
      lines.forEach(([label], index) => {
        plot.setSeries(index + 1, { show: !hidden.has(`${id} ${label}`) });
      });
    }
  }

  range() {
    if (this.zoom) return this.zoom;
    const [first, last] = [this.points[0]?.at_s, this.points.at(-1)?.at_s];
    if (last === undefined) return null;
    const min = this.latest_s ? Math.max(first, last - this.latest_s) : first;
    return { min: min < last ? min : last - 1, max: last };
  }

  redraw() {
    const range = this.range();
    for (const { plot, lines, place } of this.drawn) {
      if (!place.offsetParent) continue;
      plot.batch(() => {
        plot.setData(this.columns(lines), range === null);
        if (range) plot.setScale("x", range);
      });
      this.pointed(plot);
    }
  }

  /** Without a mouse on it the legend tells the latest second. */
  pointed(plot) {
    const latest = this.points.length - 1;
    const isPointedAt = plot.cursor.left >= 0;
    if (!isPointedAt && latest >= 0) plot.setLegend({ idx: latest });
  }

  fit() {
    for (const { plot, place } of this.drawn) {
      if (place.clientWidth && plot.width !== place.clientWidth) {
        plot.setSize({ width: place.clientWidth, height: HEIGHT });
        this.redraw();
      }
    }
  }

  columns(lines) {
    const seconds = this.points.map((point) => point.at_s);
    return [seconds, ...lines.map(([, key]) => this.points.map((point) => point[key]))];
  }

  /** What was dragged over in `plot`. */
  selected(plot) {
    const { left, width } = plot.select;
    if (width < SHORTEST_DRAG) return;
    const range = { min: plot.posToVal(left, "x"), max: plot.posToVal(left + width, "x") };
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.zoomTo(range);
  }
}

function options(lines, width, charts) {
  const axis = {
    stroke: colour("--muted"),
    grid: { stroke: colour("--grid"), width: 1 },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
  };
  return {
    width,
    height: HEIGHT,
    cursor: {
      sync: { key: "live" },
      points: { size: 7 },
      drag: { x: true, y: false, setScale: false },
      bind: {
        dblclick: () => () => {
          charts.zoomTo(null);
          return null;
        },
      },
    },
    hooks: {
      setCursor: [(plot) => charts.pointed(plot)],
      setSelect: [(plot) => charts.selected(plot)],
      draw: [(plot) => drawMarks(plot, charts.marks)],
    },
    scales: { x: { time: false }, y: { range: (plot, low, high) => [0, Math.max(high * 1.08, 1)] } },
    axes: [
      { ...axis, incrs: STEPS, values: (plot, ticks) => ticks.map(clock), space: 60, size: 30 },
      { ...axis, values: (plot, ticks) => ticks.map(short), size: 56 },
    ],
    series: [
      { label: "At", value: (plot, at) => (at === null || at === undefined ? "–" : clock(at)) },
      ...lines.map(([label, , name, filled]) => ({
        label,
        stroke: colour(name),
        fill: filled ? `${colour(name)}22` : undefined,
        width: 2,
        points: { show: false },
        value: (plot, value) => (value === null || value === undefined ? "–" : short(value)),
      })),
    ],
  };
}
