// Downloads of the latest test, and the runs in the results directory.
import { askJson } from "./ask.js";
import { byId, complain, el, emptyNote } from "./dom.js";
import { bytes, count, duration, ms, percent, rate, when } from "./numbers.js";
import { Table } from "./table.js";

const WORDS = {
  "run.json": "everything about the run, for programs",
  "report.html": "the report",
  "response.hlog": "response times, HdrHistogram log",
  "service.hlog": "service times, HdrHistogram log",
  "lag.hlog": "send lag, HdrHistogram log",
  "stats_stats.csv": "statistics, as Locust writes them",
  "stats_stats_history.csv": "history, as Locust writes it",
  "stats_failures.csv": "failures, as Locust writes them",
  "stats_exceptions.csv": "exceptions, as Locust writes them",
  "events.csv": "events raised a second",
  "series.csv": "every second, for charts",
  "bands.csv": "latencies over time by name",
  "distribution.csv": "how latencies are distributed",
  "rounds.csv": "rounds of the flash sale",
  "observed.csv": "the shop's own figures",
  "ledger.jsonl": "violations with their witnesses",
};

const link = (run, file) =>
  `results/${encodeURIComponent(run)}/${encodeURIComponent(file)}`;

function fileLine(run, { name, bytes: size }) {
  return el(
    "li",
    {},
    el("a", { href: link(run, name) }, name),
    el("span", { class: "size" }, bytes(size)),
    el("span", { class: "about" }, WORDS[name] ?? ""),
  );
}

const runs = () => askJson("history", "The list of runs");

/** Everything that can be taken away of the test on the page. */
export async function showFiles(run) {
  const panel = byId("panel-files");
  let found = null;
  try {
    found = run ? (await runs()).find((past) => past.run === run) : null;
  } catch (error) {
    panel.replaceChildren(el("p", { class: "error", role: "alert" }, error.message));
    return;
  }
  if (!found) {
    panel.replaceChildren(emptyNote("Nothing to download yet: start a test."));
    return;
  }
  panel.replaceChildren(
    el(
      "div",
      { class: "downloads" },
      el("a", { class: "button primary", href: "stats/report", target: "_blank" }, "Open the report"),
      el("a", { class: "button", href: "stats/report?download=1" }, "Report (HTML)"),
      el("a", { class: "button", href: link(run, "record.tar") }, "Whole record (.tar)"),
      el("a", { class: "button", href: "stats/requests/csv" }, "Requests (CSV)"),
      el("a", { class: "button", href: "stats/failures/csv" }, "Failures (CSV)"),
      el("a", { class: "button", href: "exceptions/csv" }, "Exceptions (CSV)"),
    ),
    el("h2", {}, `Files of ${run}`),
    el("ul", { class: "files" }, ...found.files.map((file) => fileLine(run, file))),
  );
}

const column = (label, value, text = String, numeric = false) => ({
  label,
  value,
  text: (row) => text(value(row)),
  numeric,
});

const table = new Table({
  caption: "Runs in the results directory",
  filter: "Filter runs",
  key: (row) => row.run,
  empty: "No run is recorded yet.",
  columns: [
    column("Started", (row) => row.record?.started ?? row.run, when),
    column("Profile", (row) => row.record?.profile ?? "?"),
    column("Length", (row) => row.record?.measured_s ?? 0, duration, true),
    column("Users", (row) => row.record?.peak_users ?? 0, count, true),
    column("Requests", (row) => row.record?.totals.requests ?? 0, count, true),
    column("a second", (row) => row.record?.totals.requests_per_s ?? 0, rate, true),
    {
      label: "Failures",
      value: (row) => row.record?.totals.failures ?? 0,
      text: (row) => percent(row.record?.totals.failures ?? 0, row.record?.totals.requests ?? 0),
      numeric: true,
      mark: (row) => (row.record?.totals.failures ? "bad" : ""),
    },
    column("p50", (row) => (row.record?.totals.response_us.p50 ?? 0) / 1000, ms, true),
    column("p99", (row) => (row.record?.totals.response_us.p99 ?? 0) / 1000, ms, true),
    {
      label: "Verdict",
      value: (row) => row.record?.verdict ?? "",
      kind: "words",
      text: (row) => verdict(row.record),
      mark: (row) => (row.record?.exit_code ? "bad" : ""),
    },
    {
      label: "Report",
      changes: () => "",
      cell: (row) =>
        el(
          "a",
          { href: `results/${encodeURIComponent(row.run)}/report`, target: "_blank" },
          "Report",
        ),
    },
    {
      label: "Record",
      changes: () => "",
      cell: (row) => el("a", { href: link(row.run, "record.tar") }, ".tar"),
    },
  ],
});

function verdict(record) {
  if (!record) return "its run.json cannot be read";
  if (record.verdict) return record.verdict;
  return record.finished ? "" : "goes on, or was cut off";
}

export function furnishHistory() {
  byId("panel-history").append(trouble, table.element);
}

const trouble = el("p", { class: "error", role: "alert", hidden: true });

export async function showHistory() {
  try {
    table.update(await runs());
    complain(trouble, null);
  } catch (error) {
    complain(trouble, error.message);
  }
}
