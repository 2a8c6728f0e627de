/* Charts from a JSON block beside their place, drawn as SVG in the colours of the tokens. */
(() => {
  if (!window.echarts) return;
  const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const drawn = new Map();

  const text = () => ({ color: css('--c-text'), fontFamily: css('--font'), fontSize: 12 });
  const tip = () => ({ backgroundColor: css('--c-raised'), borderColor: css('--c-line-2'), textStyle: text(), confine: true, transitionDuration: 0, extraCssText: 'box-shadow:none' });

  const sankey = (el, data) => {
    const narrow = el.clientWidth < 700, side = narrow ? 104 : 148, hue = h => css(`--p-${h}`) || css('--p-none');
    return {
      animation: false, textStyle: text(), tooltip: { ...tip(), formatter: p => p.dataType === 'edge' ? esc(p.data.told) : esc(`${p.data.label_} ${p.data.amount}`) },
      graphic: data.heads.map((h, i) => ({ type: 'text', top: 0, [['left', 'left', 'right'][i]]: [side - 4, '46%', side - 4][i], style: { text: h, fill: css('--c-text-3'), fontSize: 12, textAlign: i === 0 ? 'right' : 'left' } })),
      series: [{
        type: 'sankey', left: side, right: side, top: 40, bottom: 20, nodeWidth: 8, nodeGap: 34, layoutIterations: 24, draggable: false, nodeAlign: 'justify', emphasis: { focus: 'adjacency', lineStyle: { opacity: .6 } },
        itemStyle: { color: css('--c-text-2'), borderWidth: 0 }, lineStyle: { opacity: +css('--flow') || .3, curveness: .5 },
        label: { formatter: p => `${p.data.label_}\n{q|${p.data.amount}}`, color: css('--c-text'), fontSize: 12, lineHeight: 16, rich: { q: { color: css('--c-text-2'), fontSize: 12, lineHeight: 16 } } },
        data: data.nodes.map(n => ({ name: n.id, label_: n.name, amount: n.amount, depth: n.depth, filter: n.filter, label: { position: n.depth === 0 ? 'left' : 'right', width: n.depth === 1 ? 220 : side - 12, overflow: 'truncate' } })),
        links: data.links.map(l => ({ source: l.source, target: l.target, value: l.value, told: l.told, lineStyle: { color: hue(l.hue) } })),
      }],
    };
  };

  const bars = (el, data) => ({
    animation: false, textStyle: text(), grid: { left: 2, right: 2, top: 8, bottom: 20 },
    tooltip: { ...tip(), formatter: p => esc(data[p.dataIndex].told) },
    xAxis: { type: 'category', data: data.map(b => b.label), axisTick: { show: false }, axisLine: { lineStyle: { color: css('--c-line-2') } }, axisLabel: { color: css('--c-text-3'), fontSize: 12, hideOverlap: true } },
    yAxis: { type: 'value', show: false },
    series: [{ type: 'bar', data: data.map(b => b.value), barCategoryGap: '20%', barMaxWidth: 40, itemStyle: { color: css('--c-primary'), opacity: .75, borderRadius: [1, 1, 0, 0] } }],
  });

  // Every node needs room for two lines of text.
  const tall = (el, data) => el.dataset.chart !== 'sankey' ? +el.dataset.height : Math.max(+el.dataset.height, 76 + 44 * Math.max(...[0, 1, 2].map(c => data.nodes.filter(n => n.depth === c).length)));

  const esc = s => String(s).replace(/[&<>"]/g, c => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }[c]));

  // A click on a node narrows the list to it, through the address.
  const narrow = p => {
    if (p.dataType !== 'node' || !p.data.filter) return;
    const to = new URL('/flows', location.href), here = new URLSearchParams(location.search);
    if (location.pathname === '/flows') for (const [k, v] of here) if (!['row', 'page', 'tab'].includes(k)) to.searchParams.set(k, v);
    to.searchParams.set(p.data.filter[0], p.data.filter[1]);
    location.assign(to);
  };

  const draw = () => {
    for (const [el, chart] of drawn) if (!el.isConnected) { chart.dispose(); drawn.delete(el); }
    document.querySelectorAll('[data-chart]').forEach(el => {
      if (drawn.has(el) || !el.clientWidth) return;
      const data = JSON.parse(el.nextElementSibling.textContent);
      el.style.height = `${tall(el, data)}px`;
      const chart = echarts.init(el, null, { renderer: 'svg' });
      const option = () => chart.setOption((el.dataset.chart === 'sankey' ? sankey : bars)(el, data), true);
      option(); drawn.set(el, chart);
      if (el.dataset.chart === 'sankey') chart.on('click', narrow);
      let w = el.clientWidth;
      new ResizeObserver(() => { if (el.isConnected && el.clientWidth && el.clientWidth !== w && !matchMedia('print').matches) { w = el.clientWidth; chart.resize(); option(); } }).observe(el);
    });
  };
  draw();
  document.addEventListener('tongguan:drawn', draw);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { for (const [el, c] of drawn) { c.dispose(); drawn.delete(el); } draw(); });
  addEventListener('beforeprint', () => { for (const [, c] of drawn) c.resize({ width: 640 }); });
  addEventListener('afterprint', () => { for (const [, c] of drawn) c.resize({ width: 'auto' }); });
})();
