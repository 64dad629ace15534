// Starts the page: draws what there is, then says that it is ready.
'use strict';

(() => {
  const steps = [
    report.charts.drawAll,
    report.latencies.drawAll,
    () => report.element('offset-charts') && report.latencies.offsets(),
    report.latencies.rounds,
    report.latencies.backEnd,
  ];
  steps.forEach((step) => step());
  report.element('theme').addEventListener('click', report.toggleTheme);

  // The section that is being read.
  const links = new Map([...document.querySelectorAll('.sections a')].map((link) => [link.hash.slice(1), link]));
  const watcher = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      links.forEach((link) => link.removeAttribute('aria-current'));
      links.get(target.id)?.setAttribute('aria-current', 'true');
    }
  }, { rootMargin: '-15% 0px -75% 0px' });
  document.querySelectorAll('main > section').forEach((section) => watcher.observe(section));

  document.documentElement.dataset.ready = 'true';
  performance.mark('ready');
})();
