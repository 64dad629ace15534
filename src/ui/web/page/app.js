// The page: takes the server's messages, and shows what they say.
import { Charts } from "./charts.js";
import { byId, complain, el, setText, show } from "./dom.js";
import { EditForm, StartForm, showStart } from "./form.js";
import { furnishHistory, showFiles, showHistory } from "./history.js";
import { addLog, furnish, openPanel, showBadges, showPanel, showTiles } from "./panels.js";

const RETRY_MS = 3000;
const BUSY = ["spawning", "running", "stopping"];

const charts = new Charts();
const editing = new EditForm();
let tick = null;
let panel = "charts";
/** Whether the start form was asked for although there is a test to look at. */
let wantsStart = false;
/** Whether the start form is what is shown. */
let wasStarting = false;

async function begin() {
  furnish();
  furnishHistory();
  const setup = await (await fetch("/setup")).json();
  new StartForm(setup.offer);
  setText(byId("version"), `shopblast ${setup.version}`);
  openTab(location.hash.slice(1) || panel);
  listen();
}

function listen() {
  const events = new EventSource("/live");
  events.onmessage = (event) => {
    complain(byId("notice"), null);
    take(JSON.parse(event.data));
  };
  events.onerror = () => {
    complain(byId("notice"), "The connection to shopblast is lost; trying again…");
    if (events.readyState === EventSource.CLOSED) setTimeout(listen, RETRY_MS);
  };
}

function take(next) {
  const before = tick;
  tick = next;
  if (next.series) charts.restart(next.series);
  charts.add(next.point);
  addLog(next.log);
  if (before?.state !== next.state || before?.number !== next.number) changed(before);
  showTiles(next);
  showBadges(next);
  showPanel(panel, next);
}

/** Another test, or another state of it. */
function changed(before) {
  const isNew = before?.number !== tick.number;
  if (isNew) wantsStart = false;
  layOut();
  if (before) setText(byId("announce"), `The test is ${tick.state}. ${tick.verdict}`);
  document.title = tick.state === "ready" ? "shopblast" : `${tick.state} · shopblast`;
  if (isNew || tick.state === "stopped") {
    refresh();
  }
}

function layOut() {
  const busy = BUSY.includes(tick.state);
  const hasTest = busy || tick.state === "stopped";
  const starting = !busy && (wantsStart || !hasTest);
  const state = byId("state");
  setText(state, tick.state);
  state.dataset.state = tick.state;
  const card = tick.card;
  setText(byId("target"), card ? `${card.profile} → ${card.host}` : "");
  show(byId("edit"), busy && tick.state !== "stopping" && card?.spawn_rate !== null);
  show(byId("reset"), busy && tick.state !== "stopping");
  show(byId("stop"), busy);
  byId("stop").disabled = tick.state === "stopping";
  show(byId("new"), tick.state === "stopped" && !starting);
  showStart(starting, hasTest);
  show(byId("views"), true);
  show(byId("test"), !starting);
  const verdict = byId("verdict");
  show(verdict, tick.state === "stopped" && Boolean(tick.verdict));
  const [word, look] = judgement();
  verdict.className = `verdict ${look}`;
  verdict.replaceChildren(el("strong", {}, word), ` ${tick.verdict}`);
  for (const tab of tabs()) show(tab, !starting || ["history", "log"].includes(nameOf(tab)));
  if (starting && !["history", "log"].includes(panel)) openTab("history");
  else if (!starting && wasStarting) openTab("charts");
  wasStarting = starting;
}

/** What to say of a test that is over, and how it looks. */
function judgement() {
  if (tick.exit_code) return [`Exit code ${tick.exit_code}:`, "bad"];
  if (tick.generator?.state === "at its limit") return ["Not to be trusted:", "busy"];
  return ["It held:", "good"];
}

const tabs = () => [...document.querySelectorAll('[role="tab"]')];
const nameOf = (tab) => tab.id.replace("tab-", "");

function openTab(name) {
  const known = tabs().map(nameOf);
  panel = known.includes(name) ? name : "charts";
  for (const tab of tabs()) {
    const isOpen = nameOf(tab) === panel;
    tab.setAttribute("aria-selected", String(isOpen));
    tab.tabIndex = isOpen ? 0 : -1;
    show(byId(tab.getAttribute("aria-controls")), isOpen);
  }
  refresh();
  charts.fit();
  charts.redraw();
  if (tick) showPanel(panel, tick);
}

/** What is not in the messages. */
function refresh() {
  openPanel(panel);
  if (panel === "files") showFiles(tick?.card?.run);
  if (panel === "history") showHistory();
}

for (const tab of tabs()) {
  tab.addEventListener("click", () => openTab(nameOf(tab)));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const visible = tabs().filter((one) => !one.hidden);
    const next = visible[(visible.indexOf(tab) + step + visible.length) % visible.length];
    openTab(nameOf(next));
    next.focus();
  });
}

async function post(path) {
  const reply = await fetch(path, { method: "POST" });
  if (!reply.ok) complain(byId("notice"), await reply.text());
}

byId("stop").addEventListener("click", () => post("/stop"));
byId("reset").addEventListener("click", () => post("/stats/reset"));
byId("edit").addEventListener("click", () => editing.open(tick.card));
byId("new").addEventListener("click", () => {
  wantsStart = true;
  layOut();
  byId("profile").focus();
});
byId("back").addEventListener("click", () => {
  wantsStart = false;
  layOut();
});
byId("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const isDark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = isDark ? "light" : "dark";
  localStorage.setItem("shopblast-theme", root.dataset.theme);
  charts.build();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => charts.build());

begin();
