// The list of labels. It never has a value to show.

import {
  copyIcon,
  deleteIcon,
  editIcon,
  type LabIcon,
  refreshIcon
} from '@jupyterlab/ui-components';
import { button, element } from '../dom.ts';
import { LabelField } from '../entry/label.ts';
import { warningIcon } from '../icons.ts';
import type { Exposure, SecretMeta } from '../tokens.ts';
import { kindTitle } from './form.ts';
import { ago } from './when.ts';

export interface RowActions {
  copy(label: string): void;
  replace(label: string): void;
  rename(label: string, to: string): Promise<void>;
  remove(label: string): void;
  /** The form in a row was closed; the list may be drawn anew. */
  closed(label: string): void;
}

export function secretList(secrets: SecretMeta[], now: number, actions: RowActions): HTMLElement {
  const rows = secrets.map(secret => secretRow(secret, now, actions));
  return element('ul', { className: 'ja-list', attributes_: { 'aria-label': 'Secrets' } }, ...rows);
}

function secretRow(secret: SecretMeta, now: number, actions: RowActions): HTMLElement {
  const { label } = secret;
  const name = element('code', { className: 'ja-secret-label', title: label }, label);
  const head = element(
    'div',
    { className: 'ja-secret-head' },
    name,
    element(
      'span',
      { className: 'ja-secret-actions' },
      iconButton('ja-secret-copy', copyIcon, `Copy the label ${label}`, () => actions.copy(label)),
      iconButton('ja-secret-rename', editIcon, `Rename ${label}`, () =>
        rename(head, label, actions)
      ),
      iconButton('ja-secret-replace', refreshIcon, `Replace the value of ${label}`, () =>
        actions.replace(label)
      ),
      iconButton('ja-secret-remove', deleteIcon, `Remove ${label}`, () => actions.remove(label))
    )
  );
  return element(
    'li',
    { className: 'ja-secret', dataset: { label } },
    head,
    element('div', { className: 'ja-secret-facts' }, ...facts(secret, now)),
    secret.note && element('div', { className: 'ja-secret-note' }, secret.note),
    ...secret.exposed.map(exposure => exposedNote(exposure))
  );
}

function facts(secret: SecretMeta, now: number): HTMLElement[] {
  const fact = (text: string, title = '', className = '') =>
    element('span', { className: `ja-fact ${className}`, title }, text);
  const time = (iso: string) => ago(Date.parse(iso), now);
  const exact = (iso: string) => new Date(iso).toLocaleString();
  const found: HTMLElement[] = [];
  if (secret.kind) {
    found.push(fact(kindTitle(secret.kind), '', 'ja-fact-kind'));
  }
  found.push(
    secret.replaced
      ? fact(`replaced ${time(secret.replaced)}`, exact(secret.replaced))
      : fact(`added ${time(secret.created)}`, exact(secret.created))
  );
  found.push(
    secret.last_used
      ? fact(
          `used ${secret.uses === 1 ? 'once' : `${secret.uses} times`}, last ${time(secret.last_used)}`,
          exact(secret.last_used)
        )
      : fact('never used')
  );
  if (secret.expires) {
    const gone = Date.parse(secret.expires) <= now;
    const soon = Date.parse(secret.expires) - now < 7 * 86_400_000;
    found.push(
      fact(
        `${gone ? 'expired' : 'expires'} ${time(secret.expires)}`,
        exact(secret.expires),
        gone || soon ? 'ja-fact-due' : ''
      )
    );
  }
  if (secret.weak) {
    found.push(
      fact(
        'short',
        'A short value: recognised in output only where a command was granted it.',
        'ja-fact-weak'
      )
    );
  }
  return found;
}

function exposedNote(exposure: Exposure): HTMLElement {
  const place = exposure.notebook ?? exposure.where;
  return element(
    'div',
    { className: 'ja-secret-exposed', title: exposure.notebook ?? '' },
    warningIcon.element({ tag: 'span', className: 'ja-icon' }),
    element(
      'span',
      {},
      'Seen in ',
      element('b', {}, place),
      ' — rotate it: make a new one where it comes from, then replace it here.'
    )
  );
}

function rename(head: HTMLElement, label: string, actions: RowActions): void {
  const done = () => {
    form.replaceWith(head);
    actions.closed(label);
  };
  const submit = async () => {
    if (!field.check()) {
      return;
    }
    done();
    if (field.value !== label) {
      await actions.rename(label, field.value);
    }
  };
  const field = new LabelField(`ja-rename-${label}`, label, () => void submit());
  const form = element(
    'div',
    {
      className: 'ja-secret-head ja-rename',
      attributes_: { role: 'form', 'aria-label': `Rename ${label}` }
    },
    field.node,
    button('jp-mod-styled jp-mod-accept', 'Rename', () => void submit()),
    button('jp-mod-styled', 'Cancel', done)
  );
  form.addEventListener('keydown', event => {
    if (event.key === 'Escape') {
      event.stopPropagation();
      done();
    }
  });
  head.replaceWith(form);
  field.focus();
}

function iconButton(
  className: string,
  icon: LabIcon,
  title: string,
  onClick: () => void
): HTMLElement {
  const node = button(`ja-icon-button ${className}`, '', onClick, { title, 'aria-label': title });
  icon.element({ container: node });
  return node;
}
