// Requests that somebody waits for: each of them ends, and what became of it is said.

const PATIENCE_MS = 10_000;

/**
 * The answer to a request, all of it as a text, within `patience_ms`; `what` was to be done. An
 * answer of a status in `also` is one, too.
 */
export async function ask(path, what, { patience_ms = PATIENCE_MS, also = [], ...options } = {}) {
  let reply;
  let text;
  try {
    reply = await fetch(path, { ...options, signal: AbortSignal.timeout(patience_ms) });
    text = await reply.text();
  } catch (error) {
    const isLate = error.name === "TimeoutError";
    const why = isLate
      ? `shopblast has not answered for ${patience_ms / 1000} s. Whether it was done is not known; the state at the top tells.`
      : "shopblast cannot be reached, so it was not done. Is it still running?";
    throw new Error(`${what}: ${why}`);
  }
  if (reply.status === 401) {
    throw new Error(`${what}: not done, since the login has ended. Load the page again to log in.`);
  }
  if (!reply.ok && !also.includes(reply.status)) {
    throw new Error(`${what}: not done. ${text.trim() || `HTTP ${reply.status}`}`);
  }
  return text;
}

/** The same, read as JSON. */
export async function askJson(path, what, options) {
  return JSON.parse(await ask(path, what, options));
}

/**
 * Does `action` while `button` shows `doing` and takes no further click. It keeps the focus, which a
 * disabled button would lose.
 */
export async function whilePending(button, doing, action) {
  if (button.ariaDisabled === "true") return;
  const name = button.textContent;
  button.ariaDisabled = "true";
  button.textContent = doing;
  try {
    await action();
  } finally {
    button.ariaDisabled = null;
    button.textContent = name;
  }
}
