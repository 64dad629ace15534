// The login: sends the token that was typed, or that came behind the # of the printed address.
const form = document.getElementById("login");
const field = document.getElementById("token");
const error = document.getElementById("error");

async function logIn(token) {
  const body = new URLSearchParams({ token });
  const reply = await fetch("/login", { method: "POST", body });
  if (reply.ok) {
    location.replace("/");
    return;
  }
  error.textContent = "This is not the token.";
  error.hidden = false;
  field.select();
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
