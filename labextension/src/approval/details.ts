// What a person has to know to decide. Everything that comes from others stays text.

import { element } from '../dom.ts';
import type { Approval } from '../tokens.ts';
import { visible, words } from './visible.ts';

/** The broker looks up no more of the programs that a script names; a cut list must not look whole. */
const MOST_NAMED = 12;

/** Reached by Tab where they are longer than their place: what can't be scrolled to can't be read. */
const FACTS = { className: 'ja-approval-facts', tabIndex: -1 };

/** The question itself. */
export function question(approval: Approval): string {
  const { kind, labels, change } = approval;
  const names = labels.join(', ');
  if (kind === 'change') {
    const label = change?.label ?? names;
    if (change?.op === 'allow') {
      return `Let what ${label} finds pass as no secret?`;
    }
    if (change?.op === 'save_file') {
      return `Save what ${visible(change.to ?? '')} holds as ${label}?`;
    }
    return change?.op === 'rename' ? `Rename ${label} to ${change.to}?` : `Remove ${label}?`;
  }
  if (kind === 'entry') {
    return `Enter the secret ${names}?`;
  }
  if (kind === 'egress') {
    if (approval.request) {
      return `Send this request with ${names}?`;
    }
    const database = /^egress postgres/.test(approval.script ?? '');
    return database ? `Log in to this database with ${names}?` : `Send ${names} to this service?`;
  }
  return names ? `May this script use ${names}?` : 'May this script run?';
}

/** Nothing is left out or cut: what is not shown can't be agreed to. */
export function details(approval: Approval): HTMLElement[] {
  const kinds = {
    change: changeDetails,
    egress: wayDetails,
    entry: entryDetails,
    run: runDetails
  };
  return kinds[approval.kind](approval);
}

/** One request of a model: all of it is permitted, and nothing else. */
function requestDetails(approval: Approval): HTMLElement[] {
  const { headers = {}, body = '' } = approval.request ?? {};
  const lines = body.split('\n').length;
  return [
    element(
      'dl',
      FACTS,
      ...asker(approval),
      fact('Request', element('b', {}, code((approval.script ?? '').replace(/^egress /, '')))),
      fact('As', visible(approval.place ?? '')),
      Object.keys(headers).length > 0 &&
        fact('Headers', ...Object.entries(headers).map(([name, text]) => code(`${name}: ${text}`)))
    ),
    ...(body ? block(lines === 1 ? 'Body, 1 line' : `Body, ${lines} lines`, visible(body)) : []),
    element(
      'p',
      { className: 'ja-approval-caution' },
      'The service gets the secret with this request, once. A model wrote it, and sees the answer.'
    )
  ];
}

/** What matters of a way out: where the value goes, and in what. */
function wayDetails(approval: Approval): HTMLElement[] {
  if (approval.request) {
    return requestDetails(approval);
  }
  const to = (approval.script ?? '').replace(/^egress /, '');
  let used =
    'The service gets the secret with each request, and may do with it whatever the secret allows. ';
  if ((approval.place ?? '').startsWith('signature')) {
    used =
      'Requests are signed with the secret, which is not sent itself. Whatever it allows there, this can do. ';
  } else if (to.startsWith('postgres')) {
    used = 'Whatever that user may do in the database, this can do. ';
  }
  return [
    element(
      'dl',
      FACTS,
      ...asker(approval),
      fact('To', element('b', {}, code(to))),
      fact('As', visible(approval.place ?? ''))
    ),
    element(
      'p',
      { className: 'ja-approval-caution' },
      `${used}The notebook holds a placeholder only. “Once” is until it is closed.`
    )
  ];
}

/** A secret that an agent would like to use: who asks, and what a yes means. */
export function entryDetails(approval: Approval): HTMLElement[] {
  return [
    element('dl', FACTS, ...asker(approval)),
    element(
      'p',
      { className: 'ja-approval-caution' },
      'The value goes into your vault. The agent learns the label only, and each use is asked for.'
    )
  ];
}

function changeDetails(approval: Approval): HTMLElement[] {
  const { change } = approval;
  const consequences: Record<string, string> = {
    rename: 'Cells and grants that use the old label will no longer find it.',
    save_file: 'The file is read once; it stays where it is.',
    allow:
      change?.scope === 'rule'
        ? 'Nothing that this rule finds in notebooks of this folder is stopped any more.'
        : change?.scope === 'once'
          ? 'One value is not stopped when its cell is run the next time.'
          : 'One value is not stopped any more, wherever it stands.'
  };
  return [
    element(
      'p',
      {},
      consequences[change?.op ?? ''] ?? 'The stored value is deleted and can’t be brought back.'
    ),
    element(
      'dl',
      FACTS,
      ...asker(approval),
      change?.op === 'allow' && fact('Why', visible(change.to ?? ''))
    )
  ];
}

function runDetails(approval: Approval): HTMLElement[] {
  const text = visible((approval.script ?? words(approval.argv ?? [])).replace(/\n$/, ''));
  const lines = text.split('\n').length;
  const exported = Object.entries(approval.exports ?? {});
  return [
    element(
      'dl',
      FACTS,
      ...asker(approval),
      approval.labels.length > 0 && fact('Secrets', ...places(approval)),
      fact('Folder', code(approval.cwd)),
      fact(
        approval.argv ? 'Run' : 'Shell',
        approval.argv ? 'directly, no shell' : code(approval.shell)
      ),
      approval.executables.length > 0 &&
        fact(
          'Programs',
          ...approval.executables.map(program),
          approval.executables.length >= MOST_NAMED &&
            element('small', {}, `The first ${MOST_NAMED} that it names.`)
        ),
      exported.length > 0 &&
        fact(
          'Sets',
          ...exported.map(([name, value]) => code(`${name}=${value}`)),
          approval.choices.includes('always') &&
            element('small', {}, 'Allowed for longer than once, it may set these to anything.')
        )
    ),
    ...(approval.templates ?? []).flatMap(({ env, name, text: template }) =>
      block(`Template ${visible(name)}, its path in $${env}`, visible(template))
    ),
    ...block(lines === 1 ? 'Script, 1 line' : `Script, ${lines} lines`, text, 'ja-approval-script'),
    element(
      'p',
      { className: 'ja-approval-caution' },
      approval.labels.length > 0
        ? 'It can do with the secret whatever it says. Read it before you allow it.'
        : 'It uses no secret. A model wrote it, and it can do whatever you can do: read it first.'
    )
  ];
}

/** Each label with the place that its value goes to. */
function places(approval: Approval): HTMLElement[] {
  const { labels, secrets = [], files = [], answers = [], stdin } = approval;
  const going: [string, string][] = [
    ...secrets.map(({ env, label }): [string, string] => [label, `$${env}`]),
    ...files.map(({ env, label }): [string, string] => [label, `a file, $${env}`]),
    ...(stdin ? [[stdin, 'standard input'] as [string, string]] : []),
    ...answers.map((label): [string, string] => [label, 'a hidden prompt'])
  ];
  const silent = labels.filter(label => !going.some(([one]) => one === label));
  return [...going, ...silent.map((label): [string, string] => [label, 'a template'])].map(
    ([label, place]) =>
      element(
        'span',
        { className: 'ja-approval-place' },
        element('code', { className: 'ja-approval-label' }, label),
        ` → ${place}`
      )
  );
}

function program({ word, path, sha256 }: Approval['executables'][number]): HTMLElement {
  if (!path) {
    return element(
      'span',
      { className: 'ja-approval-program', title: word },
      code(word),
      element('small', {}, ' the shell’s own, or not found')
    );
  }
  return element(
    'span',
    { className: 'ja-approval-program', title: word },
    code(path),
    sha256 ? element('small', { title: 'The first digits of its SHA-256' }, ` ${sha256}`) : null
  );
}

/** Who asks; of an agent also what it says about why, which is its claim and nothing more. */
function asker(approval: Approval): HTMLElement[] {
  const { agent, why } = approval;
  if (!agent) {
    return [caller(approval)];
  }
  const where = approval.notebook === null ? [] : [' in ', visible(approval.notebook)];
  return [
    fact('Asked by', element('b', {}, `the agent ${visible(agent)}`), ...where),
    fact(
      'It says',
      element(
        'span',
        { className: 'ja-approval-why', title: 'What the agent says. Nobody has checked it.' },
        why ? `“${visible(why)}”` : 'nothing about why'
      )
    )
  ];
}

function caller({ notebook, claimed, role }: Approval): HTMLElement {
  return fact(
    'Asked by',
    notebook === null
      ? role === 'person'
        ? 'you, outside a notebook'
        : 'a program outside JupyterLab'
      : claimed
        ? element(
            'span',
            { className: 'ja-approval-claimed' },
            'something that claims to be ',
            element('b', {}, visible(notebook))
          )
        : element('b', {}, visible(notebook))
  );
}

function block(title: string, text: string, className = ''): HTMLElement[] {
  return [
    element('div', { className: 'ja-approval-lines' }, title),
    element(
      'pre',
      {
        className: `ja-approval-text ${className}`.trim(),
        tabIndex: 0,
        attributes_: { 'aria-label': title }
      },
      text
    )
  ];
}

function code(text: string): HTMLElement {
  return element('code', {}, visible(text));
}

function fact(name: string, ...what: (Node | string | false)[]): HTMLElement {
  return element('div', {}, element('dt', {}, name), element('dd', {}, ...what));
}
