// One stream of live updates, and all that a page has to know which joins later.

const RETRY_MS = 3000;
const LOG_LINES = 1000;

export class Source {
  /** Reads the stream at `url`, and hands each message to `tell`. */
  constructor(url, tell) {
    this.url = url;
    this.tell = tell;
    this.tick = null;
    this.points = [];
    this.log = [];
    this.isLost = false;
    this.events = null;
    this.retry = null;
  }

  open() {
    if (this.events) return;
    clearTimeout(this.retry);
    const events = new EventSource(this.url);
    this.events = events;
    // The first message of a connection has everything.
    let isFirst = true;
    events.onopen = () => {
      isFirst = true;
    };
    events.onmessage = (event) => {
      this.take(JSON.parse(event.data), isFirst);
      isFirst = false;
    };
    events.onerror = () => {
      this.isLost = true;
      this.tell({ isLost: true });
      if (events.readyState !== EventSource.CLOSED) return;
      this.events = null;
      this.retry = setTimeout(() => this.open(), RETRY_MS);
    };
  }

  close() {
    clearTimeout(this.retry);
    this.events?.close();
    this.events = null;
  }

  take(tick, isFirst) {
    if (tick.series) this.points = [...tick.series];
    const latest = this.points.at(-1);
    if (tick.point && !(latest && latest.at_s >= tick.point.at_s)) this.points.push(tick.point);
    this.log = (isFirst ? tick.log : [...this.log, ...tick.log]).slice(-LOG_LINES);
    this.tick = tick;
    this.isLost = false;
    this.tell({ tick, isAfresh: isFirst });
  }

  /** Everything so far, as one message; none before the first. */
  all() {
    if (!this.tick) return this.isLost ? { isLost: true } : null;
    const tick = { ...this.tick, series: this.points, log: this.log };
    return { tick, isAfresh: true, isLost: this.isLost };
  }
}
