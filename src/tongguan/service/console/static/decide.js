/* The wizard's comforts on top of a plain form: moving between steps, going to a field, leaving a fact unknown. */
(() => {
  const $ = (q, el = document) => el.querySelector(q), $$ = (q, el = document) => [...el.querySelectorAll(q)];
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  const show = (el, block = 'nearest') => el.scrollIntoView({ block, behavior: still ? 'auto' : 'smooth' });

  const open = pane => { $$('#facts > .pane').forEach(p => { p.open = p === pane; }); show(pane); };
  const move = (pane, by) => {
    if (by === 'answer') { const answer = $('#answer'); answer.focus({ preventScroll: true }); show(answer, 'start'); return; }
    const panes = $$('#facts > .pane'), next = panes[panes.indexOf(pane) + Number(by)];
    if (next) { open(next); $('summary', next).focus({ preventScroll: true }); }
  };

  // A fact that somebody should look at: its step opens, and the field has the focus.
  const go = path => {
    const field = $(`[data-field="${CSS.escape(path)}"]`); if (!field) return false;
    open(field.closest('.pane'));
    const input = $('input:checked', field) || $('input, select', field);
    if (input) input.focus({ preventScroll: true });
    show(field, 'center');
    return true;
  };

  document.addEventListener('click', e => {
    const mover = e.target.closest('[data-move]');
    if (mover) { move(mover.closest('.pane'), mover.dataset.move); return; }
    const unknown = e.target.closest('[data-unknown]');
    if (unknown) {
      const input = $('input', unknown.parentElement);
      input.value = '';
      input.focus();
      input.dispatchEvent(new Event('input', { bubbles: true }));
      return;
    }
    const link = e.target.closest('[data-go]');
    if (link && !e.ctrlKey && !e.metaKey && !e.shiftKey && go(link.dataset.go)) e.preventDefault();
  });

  document.addEventListener('input', e => {
    const unknown = e.target.closest?.('.box') && $('[data-unknown]', e.target.closest('.box'));
    if (unknown) unknown.setAttribute('aria-pressed', String(e.target.value === ''));
  });

  // The open step stands in the address, like every other part of the page's state; an answer on its way was asked for
  // from the step before.
  const place = () => {
    const step = $('#facts > input[name=step]'), here = new URL(location.href);
    if (!step || !here.searchParams.has('step') || here.searchParams.get('step') === step.value) return;
    here.searchParams.set('step', step.value);
    here.hash = '';
    history.replaceState(history.state, '', here);
  };
  document.addEventListener('toggle', e => {
    if (e.target.matches?.('.pane[data-step]') && e.target.open) { $('#facts > input[name=step]').value = e.target.dataset.step; place(); }
  }, true);
  document.addEventListener('htmx:after:history:update', place);

  // What a field is told after an answer: whether it is wrong.
  const settle = () => $$('#facts .ask').forEach(field => {
    const wrong = !!$('.help.err', field)?.textContent.trim();
    $$('input, select', field).forEach(f => { f.classList.toggle('bad', wrong); if (wrong) f.setAttribute('aria-invalid', 'true'); else f.removeAttribute('aria-invalid'); });
  });
  document.addEventListener('htmx:after:swap', settle);
})();
