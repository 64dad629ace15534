// The machines of a fleet: a table, how many of them are there, and what is missing.
import { byId, setText, show } from "./dom.js";
import { count, duration, ms, rate } from "./numbers.js";
import { Table } from "./table.js";

const WORDS = { over: "over", lost: "lost", stopped: "stopped there" };
const LOOKS = { lost: "bad", stopped: "bad", running: "good", over: "good" };
/** Those that somebody has to look at come first. */
const GRAVITY = ["lost", "stopped", "awaited", "preparing", "prepared", "running", "over"];

const column = (label, value, text, more = {}) => ({
  label,
  value,
  text: (row) => text(value(row)),
  numeric: true,
  ...more,
});
const plain = (label, value, more = {}) => ({ label, value, text: (row) => String(value(row)), ...more });

const shards = new Table({
  caption: "Shards: the machines that carry the load",
  key: (row) => row.number,
  empty: "No machine is asked for.",
  sort: 0,
  columns: [
    column("Shard", (row) => row.number, String),
    plain("State", (row) => WORDS[row.state] ?? row.state, {
      value: (row) => GRAVITY.indexOf(row.state),
      mark: (row) => LOOKS[row.state] ?? "",
      kind: "word",
    }),
    plain("Machine", (row) => row.who || "nobody has joined yet", { kind: "name" }),
    column("Workers", (row) => row.cores, count),
    column("Requests", (row) => row.requests, count),
    column("RPS", (row) => row.requests_per_s, rate, { title: "Requests of its latest second" }),
    column("Told until", (row) => row.told_s, duration, { title: "End of the last second that it told the leader of" }),
    column("Started after", (row) => row.started_after_ms ?? -1, (after) => (after < 0 ? "–" : ms(after)), {
      title: "How much later than the first it started",
    }),
    plain("Missing of it", (row) => row.note, { kind: "words", mark: (row) => (row.note ? "bad" : "") }),
  ],
});

/** Puts the table where it belongs. */
export function furnishShards() {
  byId("panel-shards").append(shards.element);
}

/** What is wrong with a row, in words. */
const wrong = ({ number, note, state }) => `Shard ${number} ${note}${state === "lost" ? "; nobody takes its part" : ""}.`;

/** The table, the badge on its tab, and a word above all tabs where something is missing. */
export function showShards({ shards: rows, state }) {
  if (!rows) return;
  shards.update(rows);
  const there = rows.filter((row) => !["awaited", "lost"].includes(row.state)).length;
  const badge = byId("badge-shards");
  const isWhole = there === rows.length;
  setText(badge, `${there} of ${rows.length}`);
  badge.dataset.kind = isWhole ? "" : "bad";
  show(badge, true);
  const lacking = rows.filter((row) => row.note && state !== "ready");
  const more = lacking.length > 3 ? ` ${lacking.length - 3} more lack something.` : "";
  const says = `${lacking.slice(0, 3).map(wrong).join(" ")}${more}`;
  setText(byId("lacking"), lacking.length ? says : "");
  show(byId("lacking"), lacking.length > 0);
}
