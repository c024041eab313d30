// What a script adds to pages that work without it: send once, the slider, live rows. Nothing here holds data of its own.
(() => {
  const d = document, $ = (s, r = d) => r.querySelector(s), on = (t, f, r = d) => r.addEventListener(t, f);
  d.documentElement.classList.add('js');

  // A button that sends is disabled while it sends: a courtesy, the guard is the command id in the form.
  on('submit', e => {
    const f = e.target;
    if (f.method !== 'post') return;
    setTimeout(() => f.querySelectorAll('button').forEach(b => { b.disabled = true; }));
  });
  on('pageshow', e => { if (e.persisted) d.querySelectorAll('button[disabled]').forEach(b => { b.disabled = false; }); }, window);
  on('click', e => { const m = $('details.me[open]'); if (m && !m.contains(e.target)) m.open = false; });
  on('keydown', e => {
    if (e.key === 'Escape') { const m = $('details.me[open]'); if (m) { m.open = false; $('summary', m).focus(); } }
    if (e.key === 'Enter' && e.ctrlKey && e.target.form && e.target.form.method === 'post') e.target.form.requestSubmit();
  });

  // The slider mirrors the field beside it: moving it names the step, letting go sends the form.
  let sliding = false;
  const slide = () => d.querySelectorAll('input[data-mirrors]').forEach(s => {
    if (s.dataset.ready) return;
    s.dataset.ready = 1;
    const field = d.getElementById(s.dataset.mirrors), names = $('#' + s.dataset.steps), said = $('#' + s.dataset.says);
    s.hidden = false;
    if (sliding) s.focus();
    sliding = false;
    on('input', () => {
      field.value = s.value;
      const o = names && names.children[s.value - 1];
      if (said && o) { said.textContent = o.textContent; s.setAttribute('aria-valuetext', o.textContent); }
    }, s);
    on('change', () => { sliding = true; field.form.requestSubmit(); }, s);
  });

  // Live rows: known rows change in place, new ones are counted in the line kept for them, nothing moves under the reader.
  let source, after, spoken = 0;
  const stop = () => { if (source) source.close(); source = null; };
  const busy = box => box.contains(d.activeElement) && d.activeElement !== d.body || $('input[form=chosen]:checked', box); // what was ticked stays
  const start = () => {
    const box = $('#results[data-live]');
    stop();
    if (!box || d.hidden || !window.EventSource) return;
    after = after || box.dataset.after;
    const ids = [...box.querySelectorAll('tr[data-id]')].map(r => r.dataset.id).join(',');
    const u = new URL(box.dataset.live, location.href);
    u.searchParams.set('after', after);
    u.searchParams.set('since', box.dataset.after);
    u.searchParams.set('ids', ids);
    source = new EventSource(u);
    const held = new Map();
    const put = m => {
      const r = box.querySelector(`tr[data-id="${m.id}"]`);
      if (!r) return;
      r.innerHTML = m.html;
      r.classList.toggle('gone', m.gone);
    };
    const flush = () => { if (busy($('table', box) || box)) return; held.forEach(put); held.clear(); };
    source.addEventListener('row', e => { const m = JSON.parse(e.data); held.set(m.id, m); flush(); });
    source.addEventListener('news', e => {
      const m = JSON.parse(e.data), line = $('#news');
      if (!line) return;
      line.innerHTML = m.html;
      if (Date.now() - spoken > 30000) { spoken = Date.now(); $('#spoken').textContent = line.textContent; }
    });
    source.addEventListener('stamp', e => { const m = JSON.parse(e.data); after = m.after; const s = $('#stamp'); if (s) s.outerHTML = m.html; });
    source.addEventListener('end', stop);
    on('focusout', () => setTimeout(flush), box);
  };
  on('visibilitychange', start);
  on('htmx:afterSettle', () => { after = 0; slide(); start(); const n = $('#said'); if (n) $('#spoken').textContent = n.textContent; });
  slide();
  start();
})();
