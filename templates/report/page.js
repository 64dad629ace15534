// What all scripts of a written page share: its data, its theme and its paper, its address, and how
// figures are written.
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

  // Paper is white, narrower than a screen, and nothing on it can be unfolded.
  let unfolded = [];
  addEventListener('beforeprint', () => {
    unfolded = [...document.querySelectorAll('details.on-paper:not([open])')];
    unfolded.forEach((details) => { details.open = true; });
    root.dataset.paper = 'true';
    setTheme('light');
  });
  addEventListener('afterprint', () => {
    unfolded.forEach((details) => { details.open = false; });
    delete root.dataset.paper;
    setTheme(preferred());
  });

  const element = (id) => document.getElementById(id);
  const colour = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();

  // The tab shows the logo.
  const icon = document.createElement('link');
  icon.rel = 'icon';
  icon.href = `data:image/svg+xml,${encodeURIComponent(document.querySelector('.logo svg').outerHTML)}`;
  document.head.append(icon);

  // The address names the section that is read and the span of time that is looked at, so that it can be
  // handed on: `#names`, `#over-time&from=12&to=20`.
  const address = (() => {
    const read = () => {
      const [section, ...more] = location.hash.slice(1).split('&');
      const options = new URLSearchParams(more.join('&'));
      const [from, to] = ['from', 'to'].map((name) => Number.parseFloat(options.get(name)));
      return { section, span: from < to ? [from, to] : null };
    };
    const now = read();
    const followers = [];
    function write() {
      const short = (seconds) => String(Math.round(seconds * 100) / 100);
      const span = now.span ? `&from=${short(now.span[0])}&to=${short(now.span[1])}` : '';
      const section = now.section || (span && 'over-time');
      const hash = section ? `#${section}${span}` : '';
      if (hash === location.hash) return;
      try {
        history.replaceState(null, '', hash || location.pathname + location.search);
      } catch { /* An address that may not be changed stays as it is. */ }
    }
    addEventListener('hashchange', () => {
      const { section, span } = read();
      now.section = section;
      // A link to a section says nothing about the span.
      if (span) {
        now.span = span;
        followers.forEach((follow) => follow(span));
        element(section)?.scrollIntoView();
      }
      write();
    });
    return {
      read: () => now,
      onSpan: (follow) => followers.push(follow),
      setSection(section) { now.section = section === 'verdict' ? '' : section; write(); },
      setSpan(span) { now.span = span; write(); },
    };
  })();

  function count(value) {
    return Math.round(value).toLocaleString('en');
  }
  function rate(value) {
    if (value === null || value === undefined) return '–';
    return Math.abs(value) >= 999.95 ? count(value) : String(Math.round(value * 10) / 10);
  }
  // For axes.
  function roundRate(value) {
    return Math.abs(value) >= 99950 ? `${count(value / 1000)}k` : rate(value);
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
  const percent = (value) => value === null || value === undefined ? '–' : `${Math.round(value)} %`;
  // `p99.9` of what one in 1,000 is slower than.
  function percentile(rarity) {
    const share = 100 * (1 - 1 / rarity);
    return `p${Number(share.toFixed(Math.max(0, Math.ceil(Math.log10(rarity)) - 1)))}`;
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

  function toggleTheme() {
    const theme = root.dataset.theme === 'dark' ? 'light' : 'dark';
    remember(theme);
    setTheme(theme);
  }

  // Follows the section that is read. One that was asked for counts until the page is scrolled by hand:
  // a short one at the end never comes to the top.
  function followSections() {
    const links = new Map([...document.querySelectorAll('.sections a')].map((link) => [link.hash.slice(1), link]));
    const mark = (id) => {
      links.forEach((link) => link.removeAttribute('aria-current'));
      links.get(id)?.setAttribute('aria-current', 'true');
    };
    let isAskedFor = Boolean(address.read().section);
    if (isAskedFor) {
      mark(address.read().section);
      element(address.read().section)?.scrollIntoView({ behavior: 'instant' });
    }
    addEventListener('hashchange', () => { isAskedFor = true; mark(address.read().section); });
    for (const kind of ['wheel', 'touchmove', 'keydown', 'pointerdown']) {
      addEventListener(kind, () => { isAskedFor = false; }, { passive: true });
    }
    const watcher = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting || isAskedFor || !links.has(target.id)) continue;
        mark(target.id);
        address.setSection(target.id);
      }
    }, { rootMargin: '-15% 0px -75% 0px' });
    document.querySelectorAll('main > section').forEach((section) => watcher.observe(section));
  }

  return {
    data, element, colour, address, count, rate, roundRate, duration, roundDuration, clock, percent, percentile, bandEdge, showTip, hideTip,
    // Has `redraw` called when the colours or the width changed.
    onTheme: (redraw) => redraws.push(redraw),
    // Everything is drawn.
    ready() {
      element('theme').addEventListener('click', toggleTheme);
      followSections();
      root.dataset.ready = 'true';
      performance.mark('ready');
    },
  };
})();
