// The one stream of all tabs of a browser, which keeps only six connections to a server.
import { Source } from "./source.js";

const pages = new Set();
const source = new Source(new URL("../live", import.meta.url), (message) => {
  for (const page of pages) page.postMessage(message);
});

self.onconnect = ({ ports: [page] }) => {
  page.onmessage = ({ data }) => {
    if (data === "leave") {
      pages.delete(page);
      if (pages.size === 0) source.close();
      return;
    }
    pages.add(page);
    source.open();
    const all = source.all();
    if (all) page.postMessage(all);
  };
};
