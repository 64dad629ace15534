// What each tab shows, from the latest message of the server.
import { askJson } from "./ask.js";
import { byId, el, emptyNote, setText, show } from "./dom.js";
import { bytes, count, duration, ms, percent, rate, short } from "./numbers.js";
import { Table } from "./table.js";

const OUTCOMES = ["success", "refused", "conflict", "failed", "unknown"];

function figure(label, value, text, more = {}) {
  return { label, value, text: (row) => text(value(row)), numeric: true, ...more };
}

function plain(label, value, more = {}) {
  return { label, value, text: (row) => String(value(row)), ...more };
}

function outcome(index) {
  const bad = index >= 3;
  return figure(OUTCOMES[index], (row) => row.outcomes[index], count, {
    mark: (row) => (bad && row.outcomes[index] > 0 ? "bad" : ""),
  });
}

const statistics = new Table({
  caption: "Statistics by name",
  filter: "Filter names",
  choose: "statistics",
  key: (row) => `${row.method} ${row.name}`,
  empty: "No request yet.",
  columns: [
    plain("Type", (row) => row.method, { kind: "word" }),
    plain("Name", (row) => row.name, { kind: "name", fixed: true }),
    figure("Requests", (row) => row.requests, count),
    figure("Fails", (row) => row.failures, count, {
      mark: (row) => (row.failures > 0 ? "bad" : ""),
    }),
    figure("Median", (row) => row.p50_ms, ms, { title: "Median response time" }),
    figure("90 %", (row) => row.p90_ms, ms, { title: "90th percentile of the response time", rare: true }),
    figure("95 %", (row) => row.p95_ms, ms, { title: "95th percentile of the response time" }),
    figure("99 %", (row) => row.p99_ms, ms, { title: "99th percentile of the response time" }),
    figure("99.9 %", (row) => row.p999_ms, ms, { title: "99.9th percentile of the response time", rare: true }),
    figure("Average", (row) => row.mean_ms, ms),
    figure("Min", (row) => row.min_ms, ms),
    figure("Max", (row) => row.max_ms, ms),
    figure("Service 99 %", (row) => row.service_p99_ms, ms, { title: "From sent to done" }),
    figure("Lag 99 %", (row) => row.lag_p99_ms, ms, { title: "From due to sent" }),
    figure("Size", (row) => row.mean_body_bytes, bytes, { title: "Mean bytes of reply bodies" }),
    figure("RPS", (row) => row.current_per_s, rate),
    figure("Fails/s", (row) => row.current_failures_per_s, rate),
  ],
});

const outcomes = new Table({
  caption: "Outcomes by name",
  key: (row) => `${row.method} ${row.name}`,
  empty: "No request yet.",
  columns: [
    plain("Type", (row) => row.method, { kind: "word" }),
    plain("Name", (row) => row.name, { kind: "name" }),
    ...OUTCOMES.map((word, index) => outcome(index)),
  ],
});

const failures = new Table({
  caption: "What did not go as expected",
  filter: "Filter errors",
  key: (row) => [row.method, row.name, row.outcome, row.status, row.reason].join("\n"),
  empty: "Nothing went wrong so far.",
  sort: 0,
  descending: true,
  columns: [
    figure("Count", (row) => row.count, count),
    plain("Outcome", (row) => row.outcome),
    plain("Method", (row) => row.method),
    plain("Name", (row) => row.name, { kind: "name" }),
    plain("Status", (row) => row.status ?? "–"),
    plain("Message", (row) => row.reason, { kind: "words" }),
    figure("First seen", (row) => row.first_s, duration),
    figure("Last seen", (row) => row.last_s, duration),
  ],
});

const races = new Table({
  caption: "Races",
  key: (row) => row.name,
  empty: "No race yet. The profiles race-audit, race-conditions and flash-sale have some.",
  columns: [
    plain("Race", (row) => row.name),
    figure("Races", (row) => row.count, count),
    figure("In flight together", (row) => (100 * row.together) / Math.max(row.count, 1), (share) => `${short(share)} %`),
    figure("Seen at once by the shop", (row) => row.overlapped ?? -1, (races) => (races < 0 ? "–" : count(races))),
    figure("Spread p50", (row) => row.spread_p50_us / 1000, ms),
    figure("Spread p99", (row) => row.spread_p99_us / 1000, ms),
    ...OUTCOMES.map((word, index) => figure(word, (row) => row.totals[index], count)),
  ],
});

/** The worst comes first. */
const gravity = (row) => ["violated", "known", "undecided", "held"].indexOf(row.verdict);

/** When an exchange took place, from the start of the run. */
function moments({ sent_us, done_us }) {
  const at = (us) => `${(us / 1000).toFixed(3)} ms`;
  return sent_us === null ? `never sent, given up at ${at(done_us)}` : `sent at ${at(sent_us)}, done at ${at(done_us)}`;
}

/** A command with a button that copies it. */
function command(id, about, text) {
  const pre = el("pre", { id, tabindex: 0 }, text);
  const copy = el("button", { type: "button", "aria-label": `Copy: ${about}` }, "Copy");
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      setText(copy, "Copied");
    } catch {
      getSelection().selectAllChildren(pre);
      setText(copy, "Selected");
    }
    setTimeout(() => setText(copy, "Copy"), 1500);
  });
  return el("div", { class: "command" }, el("p", {}, about, " ", copy), pre);
}

async function showWitness(row) {
  setText(byId("witness-title"), `Witness of ${row.name}`);
  let witness;
  try {
    witness = await askJson(`witness/${row.witness}`, "The witness");
  } catch (error) {
    byId("witness").replaceChildren(el("p", { class: "error", role: "alert" }, error.message));
    byId("witness-dialog").showModal();
    return;
  }
  const exchange = (one) =>
    el(
      "article",
      { class: one.shows ? "exchange shows" : "exchange" },
      el("h3", {}, `${one.method} ${one.path}`),
      el("p", {}, `${one.part} · ${one.outcome}${one.status ? ` · ${one.status}` : ""} · ${moments(one)}`),
      one.body ? el("pre", {}, one.body) : null,
      el("pre", {}, one.reply),
    );
  setText(byId("witness-title"), `Witness of ${witness.rule}`);
  byId("witness").replaceChildren(
    el("p", {}, witness.why),
    // What a store showed has no requests to send.
    ...(witness.exchanges.length === 0
      ? []
      : [
          command("witness-replay", "Fire it again from the record, with new ids, racers released at once:", witness.replay),
          command("witness-curl", "Or send it again with curl, while that shop is there:", witness.curl),
        ]),
    ...witness.exchanges.map(exchange),
  );
  byId("witness-dialog").showModal();
}

const invariants = new Table({
  caption: "Invariants",
  key: (row) => row.name,
  empty: "No rule was checked yet.",
  columns: [
    plain("Verdict", (row) => row.verdict, {
      mark: (row) => ({ violated: "bad", held: "good" })[row.verdict] ?? "",
    }),
    plain("Rule", (row) => row.name, { kind: "word" }),
    plain("What must hold", (row) => row.text, { kind: "words" }),
    figure("Checked", (row) => row.checked, count),
    figure("Violated", (row) => row.violated, count),
    figure("Undecided", (row) => row.undecided, count),
    figure("Cut", (row) => row.cut ?? 0, count),
    plain("Why", (row) => row.why ?? "", { kind: "words" }),
    {
      label: "Witness",
      changes: (row) => row.witness ?? "",
      cell: (row) =>
        row.witness
          ? el("button", { type: "button", onclick: () => showWitness(row) }, `#${row.witness}`)
          : el("span", {}, "–"),
    },
  ],
});

const thresholds = new Table({
  caption: "Thresholds",
  key: (row) => row.text,
  empty: "No threshold was set.",
  columns: [
    plain("State", (row) => row.state, {
      mark: (row) => ({ crossed: "bad", holds: "good" })[row.state] ?? "",
    }),
    plain("Threshold", (row) => row.text, { kind: "words" }),
    plain("Now", (row) => row.value, { kind: "word" }),
  ],
});

const known = (value, { at_least: atLeast }) =>
  value === null ? "unknown" : `${atLeast ? "≥ " : ""}${count(value)}`;

const backlog = new Table({
  caption: "Backlog by domain",
  key: (row) => row.domain,
  empty: "Nobody observes the shop's back end.",
  columns: [
    plain("Domain", (row) => row.domain),
    {
      label: "Waiting in the outbox",
      value: (row) => row.outbox_pending ?? -1,
      text: (row) => known(row.outbox_pending, row),
      numeric: true,
    },
    {
      label: "Not read by consumers",
      value: (row) => row.consumer_lag ?? -1,
      text: (row) => known(row.consumer_lag, row),
      numeric: true,
    },
  ],
});

const eventTime = (label, part, percentile) => ({
  label,
  value: (row) => row[part]?.[`${percentile}_ms`] ?? -1,
  text: (row) => {
    const known = row[part];
    if (!known) return "unknown";
    return `${known[`${percentile}_at_least`] ? "≥ " : ""}${ms(known[`${percentile}_ms`])}`;
  },
  numeric: true,
});

const eventLatencies = new Table({
  caption: "Until events were published and done, after the reply",
  key: (row) => `${row.domain}.${row.event}`,
  empty: "No event is followed.",
  columns: [
    plain("Event", (row) => `${row.domain} ${row.event}`),
    figure("Followed", (row) => row.followed, count),
    figure("Seen to the end", (row) => row.seen, count),
    figure("On their way", (row) => row.done?.waiting ?? row.published?.waiting ?? 0, count),
    eventTime("Published p50", "published", "p50"),
    eventTime("p99", "published", "p99"),
    eventTime("Done p50", "done", "p50"),
    eventTime("p99 ", "done", "p99"),
    eventTime("Visible p50", "visible", "p50"),
    eventTime("p99  ", "visible", "p99"),
  ],
});

const domains = new Table({
  caption: "Events by domain",
  key: (row) => row.domain,
  empty: "No event yet.",
  columns: [
    plain("Domain", (row) => row.domain),
    figure("Events raised", (row) => row.events, count),
    figure("a second", (row) => row.events_per_s, rate),
    figure("Through an outbox", (row) => row.outbox_events, count),
    figure("a second ", (row) => row.outbox_events_per_s, rate),
  ],
});

const journeys = new Table({
  caption: "Journeys",
  key: (row) => row.name,
  empty: "No journey yet.",
  columns: [
    plain("Journey", (row) => row.name),
    figure("Started", (row) => row.started, count),
    figure("Completed", (row) => row.completed, count),
    figure("Aborted", (row) => row.aborted, count),
    figure("On their way", (row) => row.unfinished, count),
  ],
});

const cores = new Table({
  caption: "Workers in steady state",
  key: (row) => row.cpu,
  empty: "No steady second yet.",
  columns: [
    figure("CPU", (row) => row.cpu, String),
    figure("Worked", (row) => 100 * row.cpu_share, (share) => `${short(share)} %`),
    figure("Waited for its CPU", (row) => 100 * row.run_queue_share, (share) => `${short(share)} %`),
    figure("Seconds judged", (row) => row.seconds, count),
    figure("Seconds without a rest", (row) => row.restless, count),
  ],
});

const part = (title, table) => el("section", { class: "part" }, el("h2", {}, title), table.element);

const failuresNote = emptyNote("");

/** What the table of failures does not show. */
function leftOut({ errors_hidden: hidden, errors_cut: cut }) {
  const rows = hidden ? `${count(hidden)} rarer kinds are in the record only.` : "";
  const requests = cut ? `${count(cut)} requests went wrong in ways that found no row.` : "";
  return `${rows} ${requests}`.trim();
}

const thresholdPart = part("Thresholds", thresholds);
const backlogPart = part("Backlog", backlog);
const eventPart = part("Event latencies", eventLatencies);

/** Puts the tables where they belong. */
export function furnish() {
  byId("panel-statistics").append(statistics.element, part("Outcomes", outcomes));
  byId("panel-failures").append(failures.element, failuresNote);
  thresholdPart.hidden = true;
  backlogPart.hidden = true;
  eventPart.hidden = true;
  byId("panel-races").append(thresholdPart, part("Invariants", invariants), part("Races", races));
  byId("backlog-tables").append(backlogPart, eventPart, part("Events by domain", domains), part("Journeys", journeys));
  byId("generator-tables").append(part("Workers", cores));
}

/** The ratio of classes and their journeys, by the shape of Locust's `/tasks`. */
async function showRatio(panel) {
  let ratios;
  try {
    ratios = await askJson("tasks", "The ratio");
  } catch (error) {
    panel.replaceChildren(el("p", { class: "error", role: "alert" }, error.message));
    return;
  }
  const { per_class, total } = ratios;
  const share = (value) => `${(100 * value).toFixed(1)} %`;
  const item = ([name, entry]) =>
    el(
      "li",
      {},
      el("span", { class: "share" }, share(entry.ratio)),
      ` ${name}`,
      entry.tasks ? list(entry.tasks) : null,
    );
  const list = (entries) => el("ul", {}, ...Object.entries(entries).map(item));
  if (!Object.keys(total).length) {
    panel.replaceChildren(emptyNote("Nothing runs yet."));
    return;
  }
  panel.replaceChildren(
    el(
      "div",
      { class: "ratios" },
      el("section", { class: "card ratio" }, el("h2", {}, "Ratio per class"), list(per_class)),
      el("section", { class: "card ratio" }, el("h2", {}, "Total ratio"), list(total)),
    ),
  );
}

/** How each state of the generator looks. */
const LOOKS = { clean: "good", disturbed: "busy", "at its limit": "bad" };

function generatorWords({ generator, generator_state: state, connections, all, shed }) {
  if (!generator) return [emptyNote("Nothing runs yet.")];
  const lag = all ? ms(all.lag_p99_ms) : "–";
  const why = generator.reasons.length ? ` (${generator.reasons.join("; ")})` : "";
  const look = `verdict ${LOOKS[generator.state]}`;
  const verdict = el("p", { class: look }, `The generator is ${state}${why}.`);
  const facts = [
    ["Send lag p99", lag],
    ["Late by its own fault, p99", ms(generator.tardiness_us.p99 / 1000)],
    ["Notices a reply after, p99", ms(generator.attention_us.p99 / 1000)],
    ["Waited for its CPU", `${short(generator.run_queue_s)} s`],
    ["CPU a request", `${short(generator.cpu_us_per_request)} µs`],
    ["Connections opened", count(connections.opened)],
    ["Replaced", count(connections.reconnects)],
    ["Failed to open", count(connections.failed)],
    ["Closed between requests", count(connections.closed_between_requests)],
    ["With unsolicited bytes", count(connections.unsolicited)],
    ["Time to connect, p99", ms(connections.connect_us.p99 / 1000)],
    ["Arrivals shed", count(shed)],
  ];
  const terms = facts.map(([term, value]) => el("div", {}, el("dt", {}, term), el("dd", {}, value)));
  return [verdict, el("dl", { class: "facts" }, ...terms)];
}

const LOG_LINES = 1000;

/** Adds new log lines, or shows them alone; follows them when the reader is at the end. */
export function addLog(lines, isAfresh) {
  const log = byId("log");
  if (isAfresh) log.replaceChildren();
  if (!lines.length) return;
  const follows = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  for (const line of lines) {
    const level = /\] (\w+)\//.exec(line)?.[1] ?? "INFO";
    log.append(el("li", { "data-level": level }, line));
  }
  while (log.children.length > LOG_LINES) log.firstChild.remove();
  if (follows) log.scrollTop = log.scrollHeight;
}

/** The panel called `name`, with the latest figures. */
export function showPanel(name, tick) {
  switch (name) {
    case "statistics":
      statistics.update(tick.names, tick.all);
      outcomes.update(tick.names, tick.all);
      break;
    case "failures":
      failures.update(tick.errors);
      setText(failuresNote, leftOut(tick));
      show(failuresNote, Boolean(failuresNote.textContent));
      break;
    case "races":
      show(thresholdPart, tick.thresholds.length > 0);
      thresholds.update(tick.thresholds);
      invariants.update([...tick.invariants].sort((one, other) => gravity(one) - gravity(other)));
      races.update(tick.races);
      break;
    case "backlog":
      show(byId("backlog-chart"), tick.backlog.length > 0);
      show(backlogPart, tick.backlog.length > 0);
      backlog.update(tick.backlog);
      show(eventPart, tick.event_latencies.length > 0);
      eventLatencies.update(tick.event_latencies);
      domains.update(tick.domains);
      journeys.update(tick.journeys);
      break;
    case "generator":
      byId("generator-words").replaceChildren(...generatorWords(tick));
      cores.update(tick.generator?.cores ?? []);
      break;
    default:
  }
}

/** Panels that are asked for once, when they are opened or a test begins. */
export function openPanel(name) {
  if (name === "ratio") showRatio(byId("panel-ratio"));
}

function badge(id, text, kind) {
  const element = byId(id);
  setText(element, text ?? "");
  element.dataset.kind = kind ?? "";
  show(element, Boolean(text));
}

/** Marks on the tabs, which are seen whichever is open. */
export function showBadges(tick) {
  const rows = tick.errors.length;
  badge("badge-failures", rows ? String(rows) : null, tick.all?.failures ? "bad" : "");
  const broken = tick.invariants.filter((row) => row.verdict === "violated").length;
  const crossed = tick.thresholds.filter((row) => row.state === "crossed").length;
  const wrong = [broken ? `${broken} broken` : "", crossed ? `${crossed} crossed` : ""];
  badge("badge-races", wrong.filter(Boolean).join(", "), "bad");
  const state = tick.generator?.state;
  badge("badge-generator", state && state !== "clean" ? state : null, LOOKS[state]);
}

/** The figures above the tabs. */
export function showTiles(tick) {
  const all = tick.all;
  const card = tick.card;
  const spoiled = tick.state !== "stopped" && tick.generator?.state === "at its limit";
  setText(
    byId("spoiled"),
    spoiled ? "The generator is at its limit: these figures are its own, not the shop's. See the tab Generator." : "",
  );
  show(byId("spoiled"), Boolean(spoiled));
  setText(byId("tile-users"), count(tick.users));
  setText(byId("tile-users-sub"), card ? `of ${count(card.users)}` : "");
  const ended = tick.state === "stopped";
  setText(byId("tile-rate"), rate(ended ? all?.per_s : all?.current_per_s));
  const since = tick.since_s ? ` since ${duration(tick.since_s)}` : " in all";
  setText(byId("tile-rate-sub"), all ? `${count(all.requests)}${since}` : "");
  setText(byId("tile-failures"), percent(all?.failures ?? 0, all?.requests ?? 0));
  setText(byId("tile-failures-sub"), all ? `${count(all.failures)} requests` : "");
  byId("tile-failures").dataset.mark = all?.failures ? "bad" : "";
  setText(byId("tile-p50"), all?.requests ? ms(all.p50_ms) : "–");
  setText(byId("tile-p50-sub"), all ? `mean ${ms(all.mean_ms)}` : "");
  setText(byId("tile-p99"), all?.requests ? ms(all.p99_ms) : "–");
  setText(byId("tile-p99-sub"), all ? `send lag ${ms(all.lag_p99_ms)}` : "");
  setText(byId("tile-time"), duration(tick.elapsed_s));
  const length = card?.run_time_s ?? 0;
  const bounded = length > 0;
  setText(byId("tile-time-sub"), card ? (bounded ? `of ${duration(length)}` : "until stopped") : "");
  const busy = ["spawning", "running", "stopping"].includes(tick.state);
  show(byId("progress"), busy && bounded);
  if (bounded) byId("progress-bar").style.width = `${Math.min(100, (100 * tick.elapsed_s) / length)}%`;
}
