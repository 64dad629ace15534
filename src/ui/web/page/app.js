// The page: takes the server's messages, and shows what they say.
import { ask, askJson, whilePending } from "./ask.js";
import { CHARTS, Charts } from "./charts.js";
import { chooser } from "./choosers.js";
import { byId, complain, el, setText, show } from "./dom.js";
import { EditForm, StartForm, showStart } from "./form.js";
import { furnishHistory, showFiles, showHistory } from "./history.js";
import { follow } from "./live.js";
import { listMarks } from "./marks.js";
import { addLog, furnish, openPanel, showBadges, showPanel, showTiles } from "./panels.js";
import { furnishShards, showShards } from "./shards.js";
import { offerPictures } from "./picture.js";

const RETRY_MS = 3000;
/** Longer than the stream is behind an answer: a tick comes once a second. */
const SETTLE_MS = 2500;
/** How long it is told that a click did what it should. */
const TOLD_MS = 6000;
const BUSY = ["spawning", "running", "stopping"];
/** Panels that there are without a test. */
const ALWAYS = ["history", "log", "shards"];

const charts = new Charts((isZoomed) => show(byId("unzoom"), isZoomed));
const editing = new EditForm(say);
let tick = null;
let panel = "charts";
/** Whether the start form was asked for although there is a test to look at. */
let wantsStart = false;
/** Whether a test was asked for here, and its clock has not started yet. */
let isSending = false;
/** Runs while what the server told of a test that it refused may still come: the form stays with its error. */
let settling = null;
/** Whether the start form is what is shown. */
let wasStarting = false;

async function begin() {
  furnish();
  furnishShards();
  furnishHistory();
  offerPictures(
    () => ({ words: pictureWords(), run: tick?.card?.run }),
    (message) => trouble(message),
  );
  byId("lines").append(lineChooser());
  openTab(location.hash.slice(1) || panel);
  const setup = await known();
  new StartForm(setup.offer, {
    begun: () => {
      isSending = true;
    },
    ended: (isThere) => {
      isSending = false;
      wantsStart = !isThere;
      settle(isThere ? 0 : SETTLE_MS);
    },
  });
  setText(byId("version"), `shopblast ${setup.version}`);
  follow(setup.version, take);
}

/** What the form offers, as soon as the server tells it. */
async function known() {
  for (;;) {
    try {
      const setup = await askJson("setup", "Loading");
      complain(byId("notice"), null);
      return setup;
    } catch (error) {
      complain(byId("notice"), error.message);
      await new Promise((done) => setTimeout(done, RETRY_MS));
    }
  }
}

function take({ tick: next, isAfresh, isLost }) {
  const message = "The connection to shopblast is lost; trying again…";
  complain(byId("notice"), isLost ? message : null);
  if (!next) return;
  const before = tick;
  tick = next;
  if (next.series) charts.restart(next.series, before?.number !== next.number);
  charts.add(next.point);
  charts.mark(next.marks);
  listMarks(next.marks);
  addLog(next.log, isAfresh);
  const hasOtherTabs = Boolean(before?.shards) !== Boolean(next.shards);
  if (before?.state !== next.state || before?.number !== next.number || hasOtherTabs) changed(before);
  showTiles(next);
  showBadges(next);
  showShards(next);
  showPanel(panel, next);
}

/** Keeps the start form for so long; 0 is no longer. */
function settle(forMs) {
  clearTimeout(settling);
  settling = forMs ? setTimeout(settle, forMs, 0) : null;
  if (tick) layOut();
}

/** Another test, or another state of it. */
function changed(before) {
  const isNew = before?.number !== tick.number;
  const isHeld = isSending || settling;
  if (isNew && tick.number > (before?.number ?? 0) && !isHeld) wantsStart = false;
  layOut();
  if (before) setText(byId("announce"), `The test is ${tick.state}. ${tick.verdict}`);
  document.title = tick.state === "ready" ? "shopblast" : `${tick.state} · shopblast`;
  if (isNew || tick.state === "stopped") {
    refresh();
  }
}

function layOut() {
  const focused = document.activeElement;
  const busy = BUSY.includes(tick.state);
  const hasTest = busy || tick.state === "stopped";
  const starting = isSending || Boolean(settling) || (!busy && (wantsStart || !hasTest));
  const state = byId("state");
  setText(state, tick.state);
  state.dataset.state = tick.state;
  const card = tick.card;
  setText(byId("target"), card ? `${card.profile} → ${card.host}` : "");
  show(byId("edit"), busy && tick.state !== "stopping" && card && card.spawn_rate !== null);
  show(byId("reset"), busy && tick.state !== "stopping");
  show(byId("stop"), busy);
  byId("stop").ariaDisabled = tick.state === "stopping" ? "true" : null;
  show(byId("new"), tick.state === "stopped" && !starting);
  showStart(starting, hasTest && !busy);
  show(byId("views"), true);
  show(byId("test"), !starting);
  const verdict = byId("verdict");
  show(verdict, tick.state === "stopped" && Boolean(tick.verdict));
  const [word, look] = judgement();
  verdict.className = `verdict ${look}`;
  verdict.replaceChildren(el("strong", {}, word), ` ${tick.verdict}`);
  for (const tab of tabs()) show(tab, isThere(nameOf(tab)) && (!starting || ALWAYS.includes(nameOf(tab))));
  if (starting && !ALWAYS.includes(panel)) moveTo("history");
  else if (!starting && wasStarting) moveTo("charts");
  wasStarting = starting;
  keepFocus(focused, starting);
}

/** Whoever had the focus on something that is gone finds it at what took its place. */
function keepFocus(focused, starting) {
  if (!focused || focused === document.body || focused.checkVisibility()) return;
  const place = starting ? "profile" : tick.state === "stopped" ? "new" : "test";
  byId(place).focus();
}

/** Says that a click did what it should. */
function say(text) {
  const told = byId("told");
  setText(told, text);
  show(told, true);
  clearTimeout(say.later);
  say.later = setTimeout(() => show(told, false), TOLD_MS);
}

/** Says that a click did not do what it should, until somebody has read it. */
function trouble(text) {
  setText(byId("trouble-text"), text ?? "");
  show(byId("trouble"), Boolean(text));
}

/** What to say of a test that is over, and how it looks. */
function judgement() {
  if (tick.exit_code) return [`Exit code ${tick.exit_code}:`, "bad"];
  if (tick.generator?.state === "at its limit") return ["Not to be trusted:", "busy"];
  return ["It held:", "good"];
}

const tabs = () => [...document.querySelectorAll('[role="tab"]')];
const nameOf = (tab) => tab.id.replace("tab-", "");
/** Whether this server has the tab: shards are a fleet's. */
const isThere = (name) => name !== "shards" || Boolean(tick?.shards);

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

/** Opens a tab that somebody chose: its name is in the address, and Back leads to the one before. */
function choose(name) {
  if (name !== panel) history.pushState(null, "", `#${name}`);
  openTab(name);
}

/** Opens a tab that nobody chose. */
function moveTo(name) {
  openTab(name);
  if (location.hash) history.replaceState(null, "", `#${name}`);
}

function followAddress() {
  const name = location.hash.slice(1) || "charts";
  const tab = tabs().find((one) => nameOf(one) === name);
  if (tab && !tab.hidden && name !== panel) openTab(name);
}

addEventListener("popstate", followAddress);

/** What is not in the messages. */
function refresh() {
  openPanel(panel);
  if (panel === "files") showFiles(tick?.card?.run);
  if (panel === "history") showHistory();
}

for (const tab of tabs()) {
  tab.addEventListener("click", () => choose(nameOf(tab)));
  tab.addEventListener("keydown", (event) => {
    const visible = tabs().filter((one) => !one.hidden);
    const place = visible.indexOf(tab);
    const next = {
      ArrowRight: visible[(place + 1) % visible.length],
      ArrowLeft: visible.at(place - 1),
      Home: visible[0],
      End: visible.at(-1),
    }[event.key];
    if (!next) return;
    event.preventDefault();
    choose(nameOf(next));
    next.focus();
  });
}

/** Lines of the charts, those with one line left out: which of them are drawn. */
function lineChooser() {
  const several = CHARTS.filter(([, lines]) => lines.length > 1);
  const named = several.flatMap(([id, lines]) => {
    const title = byId(id).closest("figure").querySelector(".title").firstChild.textContent.trim();
    return lines.map(([label]) => ({ key: `${id} ${label}`, text: `${title}: ${label}` }));
  });
  return chooser("lines", "Lines and percentiles", named.map(({ text }) => [text, false]), (hidden) => {
    const keys = named.filter(({ text }) => hidden.has(text)).map(({ key }) => key);
    charts.hide(new Set(keys));
  });
}

/** Which test a picture is of. */
function pictureWords() {
  const card = tick?.card;
  return card ? `${card.profile} → ${card.host} · ${card.run} · shopblast` : "shopblast";
}

/** Has the server do something, and says what became of it. */
async function press(button, doing, path, what, done) {
  await whilePending(button, doing, async () => {
    try {
      await ask(path, what, { method: "POST" });
      trouble(null);
      say(done);
    } catch (error) {
      trouble(error.message);
    }
  });
  if (tick) layOut();
}

byId("stop").addEventListener("click", () =>
  press(byId("stop"), "Stopping…", "stop", "Stop", "Stopping: requests in flight are waited for."),
);
byId("reset").addEventListener("click", () =>
  press(byId("reset"), "Resetting…", "stats/reset", "Reset figures", "The figures start again from nothing; the record keeps all."),
);
byId("edit").addEventListener("click", () => editing.open(tick.card));
byId("trouble-close").addEventListener("click", () => {
  trouble(null);
  byId("main").focus();
});
byId("range").addEventListener("change", (event) => charts.showLatest(Number(event.target.value) || null));
byId("unzoom").addEventListener("click", () => {
  charts.zoomTo(null);
  byId("range").focus();
});
byId("new").addEventListener("click", () => {
  wantsStart = true;
  layOut();
  byId("profile").focus();
});
byId("back").addEventListener("click", () => {
  wantsStart = false;
  settle(0);
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
