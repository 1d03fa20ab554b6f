// One secret in the list. It is drawn anew only where something about it has changed: a thousand of
// them are compared on every event.

import {
  copyIcon,
  deleteIcon,
  editIcon,
  type LabIcon,
  refreshIcon
} from '@jupyterlab/ui-components';
import { button, element } from '../dom.ts';
import { warningIcon } from '../icons.ts';
import type { SecretMeta } from '../tokens.ts';
import { kindTitle } from './about.ts';
import { dueText, seenOutside } from './order.ts';
import { ago, exactly } from './when.ts';

export type RowAction = 'copy' | 'rename' | 'replace' | 'remove';

export class SecretRow {
  readonly node: HTMLElement;
  /** What stands below: details, or the form that renames it. */
  readonly below = element('div', {
    className: 'ja-secret-below',
    hidden: true,
    attributes_: { role: 'gridcell' } // a row has nothing else
  });
  private readonly text = element('div', {
    className: 'ja-secret-text',
    attributes_: { role: 'gridcell' }
  });
  private meta: SecretMeta;
  private drawn = '';

  constructor(meta: SecretMeta, now: number) {
    this.meta = meta;
    const { label } = meta;
    this.node = element(
      'div',
      {
        className: 'ja-secret',
        tabIndex: -1,
        dataset: { label },
        attributes_: { role: 'row', 'aria-expanded': 'false' }
      },
      this.text,
      element(
        'div',
        { className: 'ja-secret-actions', attributes_: { role: 'gridcell' } },
        iconButton('copy', copyIcon, `Copy the label ${label}`),
        iconButton('rename', editIcon, `Rename ${label}`),
        iconButton('replace', refreshIcon, `Replace the value of ${label}`),
        iconButton('remove', deleteIcon, `Remove ${label}`)
      ),
      this.below
    );
    this.update(meta, now);
  }

  get secret(): SecretMeta {
    return this.meta;
  }

  /** Show what is known now; returns whether anything but the time has changed. */
  update(meta: SecretMeta, now: number): boolean {
    const changed = meta !== this.meta && JSON.stringify(meta) !== JSON.stringify(this.meta);
    this.meta = meta;
    // To the minute, as times are told.
    const drawn = `${Math.floor(now / 60_000)}`;
    if (changed || this.drawn !== drawn) {
      this.drawn = drawn;
      this.text.replaceChildren(...content(meta, now));
    }
    return changed;
  }
}

function content(meta: SecretMeta, now: number): HTMLElement[] {
  const badge = (text: string, className: string) =>
    element('span', { className: `ja-badge ${className}` }, text);
  const head = element(
    'div',
    { className: 'ja-secret-head' },
    element('code', { className: 'ja-secret-label', title: meta.label }, meta.label),
    meta.due && badge(dueText(meta.due), `ja-due-${meta.due.level}`)
  );
  const parts = [head, element('div', { className: 'ja-secret-facts' }, ...facts(meta, now))];
  if (meta.note) {
    parts.push(element('div', { className: 'ja-secret-note' }, meta.note));
  }
  const outside = meta.exposed.filter(seenOutside);
  const last = outside.at(-1);
  if (last) {
    const place = last.notebook || last.where;
    const more = outside.length > 1 ? ` and ${outside.length - 1} more` : '';
    parts.push(
      element(
        'div',
        { className: 'ja-secret-exposed', title: place },
        icon(warningIcon),
        element(
          'span',
          {},
          'Seen in ',
          element('b', {}, place),
          ` on ${exactly(last.time)}${more}: rotate it.`
        )
      )
    );
  }
  return parts;
}

function facts(secret: SecretMeta, now: number): HTMLElement[] {
  const fact = (text: string, title = '', className = '') =>
    element('span', { className: `ja-fact ${className}`, title }, text);
  const time = (iso: string) => ago(Date.parse(iso), now);
  const facts: HTMLElement[] = [];
  if (secret.kind) {
    facts.push(fact(kindTitle(secret.kind), '', 'ja-fact-kind'));
  }
  facts.push(
    secret.replaced
      ? fact(`replaced ${time(secret.replaced)}`, exactly(secret.replaced))
      : fact(`added ${time(secret.created)}`, exactly(secret.created))
  );
  facts.push(
    secret.last_used
      ? fact(
          `used ${secret.uses === 1 ? 'once' : `${secret.uses} times`}, last ${time(secret.last_used)}`,
          exactly(secret.last_used)
        )
      : fact('never used')
  );
  // Where it is near, the badge says so.
  if (secret.expires && secret.due?.what !== 'expires') {
    facts.push(fact(`expires ${time(secret.expires)}`, exactly(secret.expires)));
  }
  if (secret.weak) {
    facts.push(
      fact(
        'short',
        'A short value: recognised in output only where a command was granted it.',
        'ja-fact-weak'
      )
    );
  }
  return facts;
}

/** One button of a row; its list listens for it. */
function iconButton(action: RowAction, labIcon: LabIcon, title: string): HTMLElement {
  const node = button(`ja-icon-button ja-secret-${action}`, '', () => {}, {
    title,
    'aria-label': title,
    tabindex: '-1'
  });
  node.dataset.action = action;
  node.append(icon(labIcon));
  return node;
}

const drawnIcons = new Map<LabIcon, HTMLElement>();

/** A copy of an icon: parsing the same markup a thousand times takes most of a second. */
function icon(labIcon: LabIcon): HTMLElement {
  let first = drawnIcons.get(labIcon);
  if (!first) {
    first = labIcon.element({ tag: 'span', className: 'ja-icon' });
    drawnIcons.set(labIcon, first);
  }
  return first.cloneNode(true) as HTMLElement;
}
