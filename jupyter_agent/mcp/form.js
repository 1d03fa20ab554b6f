// The page around the notebook's masked form. The form talks to a kernel there; here its messages go
// to whoever has served this page, or, where that is a Jupyter server, to the server's own routes.
// What passes is sealed already.
import widget from './entry.js';

const main = document.getElementById('form');
const label = main.dataset.label;
const xsrf = () => /(?:^|;\s*)_xsrf=([^;]*)/.exec(document.cookie)?.[1];
const listeners = new Set();

async function post(what, body) {
  const token = xsrf();
  const answer = await fetch(what, {
    method: 'POST',
    credentials: 'same-origin',
    cache: 'no-store',
    redirect: 'error',
    headers: { 'Content-Type': 'application/json', ...(token && { 'X-XSRFToken': token }) },
    body: JSON.stringify(body)
  });
  const said = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
  if (!answer.ok) {
    return {
      type: 'error',
      message: said.error?.message ?? 'This page is no longer there.',
      hint: said.error?.hint ?? 'Ask the agent for a new link.'
    };
  }
  return said;
}

function over(title, text) {
  const head = document.createElement('h1');
  head.textContent = title;
  const rest = document.createElement('p');
  rest.textContent = text;
  rest.setAttribute('role', 'status');
  main.replaceChildren(head, rest);
}

const model = {
  get: name => ({ label, mode: 'set', status: 'ready', message: '' })[name],
  on: (event, listen) => event === 'msg:custom' && listeners.add(listen),
  off: (event, listen) => listeners.delete(listen),
  async send(content) {
    if (content.type === 'saved') {
      over(`Saved ${label}.`, 'The agent has been told. You can close this page.');
      await post('saved', {});
      return;
    }
    const { type, ...fields } = content;
    const said = await post(type === 'offer' ? 'offer' : 'save', fields).catch(() => ({
      type: 'error',
      message: 'Whoever has served this page does not answer.',
      hint: 'Ask the agent for a new link.'
    }));
    for (const listen of [...listeners]) {
      listen(said);
    }
  }
};

widget.render({ model, el: document.getElementById('entry') });
document.getElementById('decline').addEventListener('click', async () => {
  await post('declined', {}).catch(() => undefined);
  over('Not entered.', 'The agent has been told that you said no. You can close this page.');
});
document.querySelector('#entry input')?.focus();
