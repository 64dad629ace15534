// Charts over time, drawn by uPlot, with one cursor for all of them.
import { byId } from "./dom.js";
import { short } from "./numbers.js";

const HEIGHT = 210;

/** Each chart: where it is, and its lines: label, key of a point, colour, whether it is filled. */
const CHARTS = [
  ["chart-rate", [["Requests/s", "requests_per_s", "--line-1", true], ["Failures/s", "failures_per_s", "--line-bad", true]]],
  ["chart-response", [["p50", "p50_ms", "--line-1"], ["p95", "p95_ms", "--line-2"], ["p99", "p99_ms", "--line-3"]]],
  ["chart-users", [["Users", "users", "--line-9", true]]],
  ["chart-parts", [["Response", "p99_ms", "--line-3"], ["Service", "service_p99_ms", "--line-6"], ["Send lag", "lag_p99_ms", "--line-9"]]],
  ["chart-events", [["All events", "events_per_s", "--line-2", true], ["Through an outbox", "outbox_events_per_s", "--line-6"]]],
  ["chart-backlog", [["Backlog", "backlog", "--line-3", true]]],
  ["chart-cpu", [["CPU %", "cpu_percent", "--line-6", true]]],
];

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export class Charts {
  constructor() {
    this.points = [];
    this.drawn = [];
    this.build();
    this.observer = new ResizeObserver(() => this.fit());
    for (const [id] of CHARTS) this.observer.observe(byId(id));
  }

  /** Draws everything anew, in the colours of the scheme that is in use now. */
  build() {
    for (const { plot } of this.drawn) plot.destroy();
    this.drawn = CHARTS.map(([id, lines]) => {
      const place = byId(id);
      const plot = new uPlot(options(lines, place.clientWidth || 400), this.columns(lines), place);
      return { plot, lines, place };
    });
    this.redraw();
  }

  /** Starts from `points`. */
  restart(points) {
    this.points = [...points];
    this.redraw();
  }

  /** Adds the latest point, unless it is known already. */
  add(point) {
    const latest = this.points.at(-1);
    if (!point || (latest && latest.at_s >= point.at_s)) return;
    this.points.push(point);
    this.redraw();
  }

  redraw() {
    const latest = this.points.length - 1;
    for (const { plot, lines, place } of this.drawn) {
      if (!place.offsetParent) continue;
      plot.setData(this.columns(lines));
      // Without a mouse on it the legend tells the latest second.
      const isPointedAt = plot.cursor.left >= 0;
      if (!isPointedAt && latest >= 0) plot.setLegend({ idx: latest });
    }
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
}

function options(lines, width) {
  const axis = {
    stroke: colour("--muted"),
    grid: { stroke: colour("--grid"), width: 1 },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
  };
  return {
    width,
    height: HEIGHT,
    cursor: { sync: { key: "live" }, points: { size: 7 } },
    scales: { x: { time: false }, y: { range: (plot, low, high) => [0, Math.max(high * 1.08, 1)] } },
    axes: [
      { ...axis, values: (plot, ticks) => ticks.map(clock), space: 60, size: 30 },
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

/** Seconds as minutes and seconds. */
function clock(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
