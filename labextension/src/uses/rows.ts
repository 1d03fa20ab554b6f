// What the sections about uses have in common: a folded list with a count, and who and what in a row.

import { visible } from '../approval/visible.ts';
import { element } from '../dom.ts';

/** A folded section: title, list, and what stands below the list. */
export function foldedSection(name: string, label: string) {
  const title = element('summary', {});
  const list = element('ul', {
    className: 'ja-uses-list',
    attributes_: { 'aria-label': label }
  });
  const foot = element('div', { className: 'ja-uses-foot' });
  const node = element(
    'details',
    { className: `ja-section ja-uses ja-${name}`, hidden: true },
    title,
    list,
    foot
  );
  return { node, title, list, foot };
}

/** A command in one line of its own, all of it on demand. */
export function commandLine(text: string): HTMLElement {
  const shown = visible(text);
  return element('code', { className: 'ja-uses-command', title: shown }, shown);
}

/** Small facts with dots between them. */
export function facts(...texts: (string | null | false | undefined)[]): HTMLElement {
  return element(
    'div',
    { className: 'ja-secret-facts' },
    ...texts
      .filter((text): text is string => !!text)
      .map(text => element('span', { className: 'ja-fact' }, text))
  );
}

/** The notebook's own name, or what else used it. */
export function place(notebook: string | null, actor: string): string {
  const role = actor.split(':')[0] ?? actor;
  const roles: Record<string, string> = {
    person: 'terminal',
    kernel: 'a kernel',
    guest: 'another program',
    agent: `agent ${actor.slice('agent:'.length)}`.trim()
  };
  return visible(notebook?.split('/').at(-1) ?? roles[role] ?? role);
}
