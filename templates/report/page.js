// What all scripts of the report share: its data, its theme, and how figures are written.
'use strict';

const report = (() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const root = document.documentElement;
  const redraws = [];

  // A file opened from disk may not be allowed to remember anything.
  const remembered = () => {
    try { return localStorage.getItem('shopblast-theme'); } catch { return null; }
  };
  const remember = (theme) => {
    try { localStorage.setItem('shopblast-theme', theme); } catch { /* then it does not. */ }
  };
  const prefersDark = matchMedia('(prefers-color-scheme: dark)');
  const preferred = () => remembered() ?? (prefersDark.matches ? 'dark' : 'light');

  function setTheme(theme) {
    root.dataset.theme = theme;
    redraws.forEach((redraw) => redraw());
  }
  root.dataset.theme = preferred();
  prefersDark.addEventListener('change', () => setTheme(preferred()));
  // Paper is white.
  addEventListener('beforeprint', () => setTheme('light'));
  addEventListener('afterprint', () => setTheme(preferred()));

  const element = (id) => document.getElementById(id);
  const colour = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();

  function count(value) {
    return Math.round(value).toLocaleString('en');
  }
  function rate(value) {
    if (value === null || value === undefined) return '–';
    if (value >= 99950) return `${Math.round(value / 1000)}k`;
    return value >= 999.95 ? count(value) : String(Math.round(value * 10) / 10);
  }
  function duration(us) {
    if (us === null || us === undefined) return '–';
    const digits = (value) => value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : value.toFixed(0);
    if (us < 1000) return `${Math.round(us)} µs`;
    return us < 999500 ? `${digits(us / 1e3)} ms` : `${digits(us / 1e6)} s`;
  }
  // For axes: no more digits than the value needs.
  function roundDuration(us) {
    const short = (value) => String(Math.round(value * 100) / 100);
    if (us < 1000) return `${short(us)} µs`;
    return us < 1e6 ? `${short(us / 1e3)} ms` : `${short(us / 1e6)} s`;
  }
  function clock(seconds) {
    const whole = Math.round(seconds * 10) / 10;
    if (whole < 60) return `${whole} s`;
    const minutes = Math.floor(whole / 60);
    const rest = Math.round(whole % 60);
    const padded = String(rest).padStart(2, '0');
    if (minutes < 60) return `${minutes}:${padded}`;
    return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${padded}`;
  }
  // The lower edge of a latency band in microseconds.
  const bandEdge = (band) => 2 ** (band / 4);

  const tip = element('tip');
  function showTip(text, x, y) {
    tip.textContent = text;
    tip.hidden = false;
    const { width, height } = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - width - 6))}px`;
    tip.style.top = `${Math.max(4, y - height - 12)}px`;
  }
  const hideTip = () => { tip.hidden = true; };

  return {
    data, element, colour, count, rate, duration, roundDuration, clock, bandEdge, showTip, hideTip,
    // Has `redraw` called when the colours changed.
    onTheme: (redraw) => redraws.push(redraw),
    toggleTheme() {
      const theme = root.dataset.theme === 'dark' ? 'light' : 'dark';
      remember(theme);
      setTheme(theme);
    },
  };
})();
