/* Security keys and passkeys: asks the server for a challenge, the browser for an answer, and sends it as the form. */
(() => {
  document.documentElement.classList.add('scripted');
  const bytes = text => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), c => c.charCodeAt(0));
  const text = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  const listed = list => (list || []).map(one => ({ ...one, id: bytes(one.id) }));

  const create = o => navigator.credentials.create({ publicKey: { ...o, challenge: bytes(o.challenge), user: { ...o.user, id: bytes(o.user.id) }, excludeCredentials: listed(o.excludeCredentials) } });
  const get = o => navigator.credentials.get({ publicKey: { ...o, challenge: bytes(o.challenge), allowCredentials: listed(o.allowCredentials) } });

  const document_of = made => {
    const r = made.response, response = { clientDataJSON: text(r.clientDataJSON) };
    for (const name of ['attestationObject', 'authenticatorData', 'signature', 'userHandle']) if (r[name]) response[name] = text(r[name]);
    return JSON.stringify({ id: made.id, rawId: text(made.rawId), type: made.type, response });
  };

  document.addEventListener('submit', async e => {
    const form = e.target.closest?.('form[data-webauthn]');
    if (!form || form.elements.answer.value) return;
    e.preventDefault();
    const button = form.querySelector('button'), trouble = form.querySelector('[data-trouble]');
    button.disabled = true; trouble.hidden = true;
    try {
      const reply = await fetch(form.dataset.options, { method: 'POST', body: new URLSearchParams({ csrf: form.elements.csrf.value }) });
      const options = await reply.json();
      if (options.proof) return location.assign(options.proof);
      if (!reply.ok) throw Object.assign(new Error(), { told: typeof options.error === 'string' ? options.error : '' });
      form.elements.answer.value = document_of(await (form.dataset.webauthn === 'create' ? create(options) : get(options)));
      form.submit();
    } catch (error) {
      trouble.textContent = error.told || (error.name === 'InvalidStateError' && trouble.dataset.there) || trouble.dataset.trouble;
      trouble.hidden = false; button.disabled = false;
    }
  });
})();
