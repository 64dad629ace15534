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
  report.ready();
})();
