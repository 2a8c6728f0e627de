/* The console's behaviour. No dependency, no request of its own; everything here is a comfort on top of plain links and forms. */
(() => {
  const $ = (q, el = document) => el.querySelector(q), $$ = (q, el = document) => [...el.querySelectorAll(q)];
  const root = document.documentElement;
  root.classList.add('scripted');

  const toast = text => {
    const box = $('.toasts'); if (!box || !text) return;
    const t = document.createElement('div'); t.className = 'toast'; t.textContent = text;
    box.replaceChildren(t); setTimeout(() => t.remove(), 2600);
  };
  const copy = (text, done) => { navigator.clipboard?.writeText(text).then(() => toast(done), () => {}); };

  // One listener; an element says what it does with data-do.
  const acts = {
    fold: () => { document.body.classList.toggle('fold'); window.dispatchEvent(new Event('resize')); },
    filter: el => { const on = el.closest('.filter').classList.toggle('open'); label(el, on); },
    copy: el => copy(el.dataset.text, el.dataset.done),
    'copy-link': el => copy(location.href, el.dataset.done),
    print: () => window.print(),
  };
  const label = (el, on) => { el.setAttribute('aria-expanded', on); el.textContent = on ? el.dataset.less : el.dataset.more; };

  document.addEventListener('click', e => {
    const el = e.target.closest('[data-do]'); if (el) { acts[el.dataset.do]?.(el); return; }
    const row = e.target.closest('tr.pickable');
    if (row && !e.target.closest('a, button, input, summary') && !String(getSelection())) $('a.open', row)?.click();
    $$('details.menu[open]').forEach(m => { if (!m.contains(e.target)) m.open = false; });
  });
  document.addEventListener('keydown', e => {
    if (e.key === 'Escape') { const menu = $('details.menu[open]'); if (menu) menu.open = false; else $('.drawer a.close')?.click(); }
    const bar = e.target.closest?.('.tabs'); const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
    if (bar && step) { const tabs = $$('a', bar); tabs[(tabs.indexOf(document.activeElement) + step + tabs.length) % tabs.length].focus(); }
  });

  // The page makes room for an open drawer, and the row it belongs to is marked.
  let opener = null;
  const settle = () => {
    const pane = $('#pane'), drawer = $('.drawer', $('#drawer') || undefined);
    if (pane && $('#drawer')) {
      const was = pane.classList.contains('drawer-open'), on = !!drawer;
      pane.classList.toggle('drawer-open', on);
      $$('tr.pickable').forEach(r => r.classList.toggle('sel', on && r.dataset.row === drawer.dataset.row));
      if (on && !was) { opener = drawer.dataset.row; $('a.close', drawer)?.focus({ preventScroll: true }); }
      if (!on && was && opener) { $(`tr.pickable[data-row="${CSS.escape(opener)}"] a.open`)?.focus({ preventScroll: true }); opener = null; }
    }
    $$('[data-do=filter]').forEach(el => label(el, el.closest('.filter').classList.contains('open')));
    // The fields of a live form keep the state that they were sent with, so a theme or language link goes where we are.
    $$('.top a.lang, .top a.to-dark, .top a.to-light').forEach(a => {
      const to = new URL(a.href), here = new URL(location.href);
      for (const k of ['lang', 'theme']) { here.searchParams.delete(k); if (to.searchParams.has(k)) here.searchParams.set(k, to.searchParams.get(k)); }
      a.href = here.pathname + here.search;
    });
  };
  settle();

  // Work in progress is told on the body, for eyes and for tests.
  let busy = 0;
  const work = n => { busy = Math.max(0, busy + n); if (busy) document.body.dataset.busy = busy; else delete document.body.dataset.busy; };
  document.addEventListener('htmx:before:request', () => work(1));
  document.addEventListener('htmx:finally:request', () => work(-1));
  // A session that has ended, or a fault, is a page of its own: go there instead of swapping a hole into this one.
  document.addEventListener('htmx:before:response', e => {
    const raw = e.detail?.ctx?.response?.raw;
    if (raw && (!raw.ok || new URL(raw.url).pathname === '/sign-in')) { e.preventDefault(); location.assign(raw.redirected ? location.href : e.detail.ctx.request.action); }
  });
  document.addEventListener('htmx:error', e => { if (e.detail?.ctx) toast(document.body.dataset.lost); });
  document.addEventListener('htmx:after:swap', () => { settle(); document.dispatchEvent(new Event('tongguan:drawn')); });
  document.addEventListener('htmx:after:history:update', settle);
  document.addEventListener('htmx:config:request', e => {
    // Empty fields and "not clear" need not stand in the address.
    const body = e.detail?.ctx?.request?.body;
    if (body instanceof FormData) for (const [k, v] of [...body.entries()]) if (v === '') body.delete(k);
  });
  document.addEventListener('submit', e => {
    if (e.target.method === 'get') $$('input, select', e.target).forEach(f => { if (f.value === '' && !e.defaultPrevented) f.disabled = true; });
    setTimeout(() => $$('input, select', e.target).forEach(f => { f.disabled = false; }), 0);
  });
})();
