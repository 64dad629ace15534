// The login: sends the token that was typed, or that came behind the # of the printed address.
import { ask, whilePending } from "./ask.js";

const form = document.getElementById("login");
const field = document.getElementById("token");
const error = document.getElementById("error");
const button = form.querySelector("button");

async function logIn(token) {
  const body = new URLSearchParams({ token });
  await whilePending(button, "Logging in…", async () => {
    try {
      await ask("login", "Log in", { method: "POST", body });
      location.replace("./");
    } catch (refusal) {
      error.textContent = /not the token/.test(refusal.message) ? "This is not the token." : refusal.message;
      error.hidden = false;
      field.select();
    }
  });
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  logIn(field.value);
});

const given = decodeURIComponent(location.hash.slice(1));
if (given) {
  history.replaceState(null, "", location.pathname);
  logIn(given);
}
