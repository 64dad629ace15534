// The start form and the edit form: Locust's fields, sent to Locust's endpoint.
import { byId, complain, el, setText, show } from "./dom.js";

export async function swarm(fields) {
  const reply = await fetch("/swarm", { method: "POST", body: fields });
  if (!reply.ok) throw new Error((await reply.text()) || `HTTP ${reply.status}`);
  const answer = await reply.json();
  if (!answer.success) throw new Error(answer.message);
}

export class StartForm {
  constructor(offer) {
    this.offer = offer;
    this.form = byId("start-form");
    this.boxes = new Map();
    byId("classes").append(...offer.classes.map((kind) => this.classChoice(kind)));
    byId("profile").append(
      el("option", { value: "" }, "none: choose user classes"),
      ...offer.profiles.map(({ name }) => el("option", { value: name }, name)),
    );
    byId("profile").addEventListener("change", () => this.takeProfile());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.takeDefaults();
  }

  classChoice({ name, summary, wait }) {
    const weight = el("input", {
      type: "number",
      min: 1,
      max: 1000000,
      value: 1,
      "aria-label": `Weight of ${name}`,
    });
    const box = el("input", { type: "checkbox", id: `class-${name}`, value: name });
    const update = () => {
      weight.disabled = !box.checked;
    };
    box.addEventListener("change", update);
    this.boxes.set(name, { box, weight, update });
    update();
    return el(
      "li",
      {},
      box,
      el(
        "label",
        { for: box.id },
        el("span", {}, name),
        el("small", {}, `${summary}; ${wait}`),
      ),
      weight,
    );
  }

  takeDefaults() {
    const { defaults } = this.offer;
    byId("profile").value = defaults.profile ?? "";
    const host = byId("host");
    host.value = defaults.host ?? "";
    if (defaults.sandbox) host.placeholder = "the embedded shop";
    this.takeProfile();
    if (defaults.classes.length) this.choose(defaults.classes);
    this.fill(defaults);
  }

  /** Fills the form with what the chosen profile says. */
  takeProfile() {
    const profile = this.profile();
    setText(byId("profile-about"), profile ? about(profile) : "Every field counts as it stands.");
    this.choose(profile?.classes ?? []);
    const inputs = ["users", "spawn-rate", "run-time"];
    for (const id of inputs) byId(id).value = "";
    byId("pacing").value = "";
    byId("users").placeholder = profile?.load ? "the profile's" : String(profile?.users ?? 1);
    byId("spawn-rate").placeholder = profile?.load ? "the profile's" : String(profile?.spawn_rate ?? 1);
    byId("run-time").placeholder = profile?.run_time ?? "until it is stopped";
    byId("pacing").options[0].textContent = profile
      ? `the profile's: ${profile.pacing ?? "class"}`
      : "as the user class waits";
    this.fill(profile ?? {});
  }

  fill({ users, spawn_rate, run_time, pacing }) {
    if (users) byId("users").value = users;
    if (spawn_rate) byId("spawn-rate").value = spawn_rate;
    if (run_time) byId("run-time").value = run_time;
    if (pacing && !this.profile()) byId("pacing").value = pacing;
  }

  choose(classes) {
    const weights = new Map(classes);
    for (const [name, { box, weight, update }] of this.boxes) {
      box.checked = weights.has(name);
      weight.value = weights.get(name) ?? 1;
      update();
    }
  }

  profile() {
    const name = byId("profile").value;
    return this.offer.profiles.find((profile) => profile.name === name);
  }

  async send() {
    const button = byId("start-button");
    complain(byId("start-error"), null);
    button.disabled = true;
    setText(button, "Starting…");
    try {
      await swarm(this.fields());
    } catch (error) {
      complain(byId("start-error"), error.message);
    } finally {
      button.disabled = false;
      setText(button, "Start");
    }
  }

  fields() {
    const fields = new URLSearchParams();
    for (const [name, value] of new FormData(this.form)) {
      if (value.trim()) fields.append(name, value.trim());
    }
    for (const [name, { box, weight }] of this.boxes) {
      if (box.checked) fields.append("user_classes", `${name}=${weight.value || 1}`);
    }
    return fields;
  }
}

function about(profile) {
  return profile.load ? `${profile.description} (${profile.load})` : profile.description;
}

export class EditForm {
  constructor() {
    this.dialog = byId("edit-dialog");
    byId("edit-cancel").addEventListener("click", () => this.dialog.close());
    byId("edit-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
  }

  open(card) {
    complain(byId("edit-error"), null);
    byId("edit-users").value = card.users;
    byId("edit-rate").value = card.spawn_rate ?? "";
    this.dialog.showModal();
    byId("edit-users").select();
  }

  async send() {
    try {
      await swarm(new URLSearchParams(new FormData(byId("edit-form"))));
      this.dialog.close();
    } catch (error) {
      complain(byId("edit-error"), error.message);
    }
  }
}

export function showStart(visible, hasTest) {
  show(byId("start"), visible);
  show(byId("back"), visible && hasTest);
}
