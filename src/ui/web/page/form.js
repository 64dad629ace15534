// The start form and the edit form: Locust's fields, sent to Locust's endpoint.
import { askJson, whilePending } from "./ask.js";
import { byId, complain, el, setText, show } from "./dom.js";

/** A test starts once its connections are there: that may take a while. */
const START_PATIENCE_MS = 60_000;
/** What the form sends when no profile is chosen, whatever was typed. */
const NO_PROFILE = "custom";

/** What the server says of a form. */
async function swarm(fields, what, patience_ms) {
  const options = { method: "POST", body: fields, patience_ms, also: [400] };
  const answer = await askJson("swarm", what, options);
  if (!answer.success) throw Object.assign(new Error(answer.message), { field: answer.field });
}

/** Shows what is wrong below the form, and at the field that is to blame. */
function blame(form, place, error) {
  complain(place, error.message);
  const field = error.field === "user_classes"
    ? form.querySelector("#classes input[type=checkbox]")
    : form.querySelector(`[name="${error.field}"]`);
  if (!field) return;
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", place.id);
  field.focus();
}

function forgive(form, place) {
  complain(place, null);
  for (const field of form.querySelectorAll("[aria-invalid]")) {
    field.removeAttribute("aria-invalid");
    field.removeAttribute("aria-describedby");
  }
}

export class StartForm {
  /** Calls `begun` when a test is asked for, and `ended` with whether there is one now. */
  constructor(offer, { begun, ended }) {
    this.offer = offer;
    this.begun = begun;
    this.ended = ended;
    this.form = byId("start-form");
    this.boxes = new Map();
    byId("classes").append(...offer.classes.map((kind) => this.classChoice(kind)));
    byId("profile").append(
      el("option", { value: "" }, "none: choose user classes"),
      ...offer.profiles.map(({ name }) => el("option", { value: name }, name)),
    );
    byId("profile").addEventListener("change", () => this.takeProfile());
    byId("options").append(...offer.options.map((option) => this.optionChoice(option)));
    show(byId("options-field"), offer.options.length > 0);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.takeDefaults();
  }

  /** A way in which a run may differ: what is ticked is sent as it is. */
  optionChoice({ name, about }) {
    const id = `option-${name}`;
    const checked = this.offer.defaults.with.includes(name);
    const box = el("input", { type: "checkbox", id, name: "with", value: name });
    box.checked = checked;
    return el(
      "li",
      {},
      box,
      el("label", { for: id }, el("span", {}, name), el("small", {}, about)),
    );
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
    host.placeholder = defaults.sandbox ? "the embedded shop" : "http://localhost:8000";
    this.takeProfile();
    if (defaults.classes.length) this.choose(defaults.classes);
    this.fill(defaults);
    byId("pacing").value = defaults.pacing ?? "";
  }

  /** Fills the form with what the chosen profile says. */
  takeProfile() {
    const profile = this.profile();
    setText(byId("profile-about"), profile ? about(profile) : "Every field counts as it stands.");
    this.choose(profile?.classes ?? []);
    const inputs = ["users", "spawn-rate", "run-time"];
    for (const id of inputs) byId(id).value = "";
    byId("pacing").value = "";
    const typed = this.offer.defaults.load;
    const load = typed ?? (profile?.load ? "the profile's" : null);
    byId("users").placeholder = load ?? String(profile?.users ?? 1);
    byId("spawn-rate").placeholder = load ?? String(profile?.spawn_rate ?? 1);
    byId("run-time").placeholder = profile?.run_time ?? "until it is stopped";
    byId("pacing").options[0].textContent = profile
      ? `the profile's: ${profile.pacing ?? "class"}`
      : "as the user class waits";
    this.fill(profile ?? {});
  }

  fill({ users, spawn_rate, run_time }) {
    if (users) byId("users").value = users;
    if (spawn_rate) byId("spawn-rate").value = spawn_rate;
    if (run_time) byId("run-time").value = run_time;
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
    const place = byId("start-error");
    forgive(this.form, place);
    if (![...this.boxes.values()].some(({ box }) => box.checked)) {
      const message = "User classes: tick at least one, or choose a profile that has some.";
      blame(this.form, place, { message, field: "user_classes" });
      return;
    }
    const fields = this.fields();
    await whilePending(byId("start-button"), "Starting…", async () => {
      this.begun();
      try {
        await swarm(fields, "Start", START_PATIENCE_MS);
        this.ended(true);
      } catch (error) {
        this.ended(false);
        blame(this.form, place, error);
      }
    });
  }

  /** All that the form says, and that nothing else counts. */
  fields() {
    const fields = new URLSearchParams({ whole: "1" });
    for (const [name, value] of new FormData(this.form)) {
      if (value.trim() && name !== "profile") fields.append(name, value.trim());
    }
    const profile = this.profile();
    fields.append("profile", profile?.name ?? NO_PROFILE);
    // In the profile's order: who is which user depends on it.
    const ordered = new Set([...(profile?.classes ?? []).map(([name]) => name), ...this.boxes.keys()]);
    for (const name of ordered) {
      const { box, weight } = this.boxes.get(name) ?? {};
      if (box?.checked) fields.append("user_classes", `${name}=${weight.value || 1}`);
    }
    return fields;
  }
}

function about(profile) {
  return profile.load ? `${profile.description} (${profile.load})` : profile.description;
}

export class EditForm {
  /** Calls `done` with what was changed. */
  constructor(done) {
    this.done = done;
    this.dialog = byId("edit-dialog");
    this.form = byId("edit-form");
    byId("edit-cancel").addEventListener("click", () => this.dialog.close());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
  }

  open(card) {
    forgive(this.form, byId("edit-error"));
    byId("edit-users").value = card.users;
    byId("edit-rate").value = card.spawn_rate ?? "";
    this.dialog.showModal();
    byId("edit-users").select();
  }

  async send() {
    const place = byId("edit-error");
    forgive(this.form, place);
    await whilePending(byId("edit-apply"), "Updating…", async () => {
      try {
        await swarm(new URLSearchParams(new FormData(this.form)), "Update");
        this.dialog.close();
        this.done(`Users are changed to ${byId("edit-users").value.trim()}.`);
      } catch (error) {
        blame(this.form, place, error);
      }
    });
  }
}

export function showStart(visible, hasTest) {
  show(byId("start"), visible);
  show(byId("back"), visible && hasTest);
}
