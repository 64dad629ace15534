// Figures as people read them.

const grouped = new Intl.NumberFormat("en");

export const count = (value) => grouped.format(value);

/** Three significant digits, without a tail of zeros. */
export function short(value) {
  if (value === 0) return "0";
  if (value >= 100) return grouped.format(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

export const rate = (value) => short(value ?? 0);

export function ms(value) {
  if (value === null || value === undefined) return "–";
  if (value >= 10000) return `${short(value / 1000)} s`;
  return `${short(value)} ms`;
}

export function percent(part, whole) {
  if (!whole) return "0 %";
  const value = (100 * part) / whole;
  if (value > 0 && value < 0.01) return "< 0.01 %";
  return `${short(value)} %`;
}

export function bytes(value) {
  const units = ["B", "kB", "MB", "GB"];
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${short(value)} ${units[unit]}`;
}

export function duration(seconds) {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (whole % 3600 === 0) return `${whole / 3600} h`;
  if (minutes < 60 && whole % 60 === 0) return `${minutes} min`;
  if (minutes < 60) return `${minutes}:${String(whole % 60).padStart(2, "0")} min`;
  return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")} h`;
}

export function when(text) {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? text : date.toLocaleString();
}

/** Seconds as minutes and seconds. */
export function clock(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
