// Live updates for this page: from the stream that all tabs share, or from one of its own while it is
// seen.
import { Source } from "./source.js";

/** Hands each message to `take`: a tick, or that the connection is lost. */
export function follow(version, take) {
  if (!("SharedWorker" in window)) {
    alone(take);
    return;
  }
  const worker = new SharedWorker(new URL("./stream.js", import.meta.url), {
    type: "module",
    name: `shopblast ${version}`,
  });
  worker.onerror = () => alone(take);
  worker.port.onmessage = ({ data }) => take(data);
  worker.port.postMessage("join");
  addEventListener("pagehide", () => worker.port.postMessage("leave"));
  addEventListener("pageshow", (event) => {
    if (event.persisted) worker.port.postMessage("join");
  });
}

/** A hidden tab gives its connection back. */
function alone(take) {
  const source = new Source(new URL("../live", import.meta.url), take);
  const update = () => (document.hidden ? source.close() : source.open());
  document.addEventListener("visibilitychange", update);
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", update);
  update();
}
