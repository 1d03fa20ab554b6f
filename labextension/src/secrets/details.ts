// All that is known about one secret, below its row, and what can be done with it.

import { type Api, ApiError } from '../api.ts';
import { button, element } from '../dom.ts';
import type { Exposure, Grant, SecretMeta, Shown } from '../tokens.ts';
import { place } from '../uses/rows.ts';
import { kindTitle } from './about.ts';
import { dueText, exposures } from './order.ts';
import { exactly } from './when.ts';

export interface DetailsActions {
  copy(): void;
  replace(): void;
  rename(): void;
  edit(): void;
  remove(): void;
}

export class Details {
  readonly node = element('div', { className: 'ja-details' });
  private readonly api: Api;
  private readonly label: string;
  private readonly actions: DetailsActions;

  constructor(api: Api, label: string, actions: DetailsActions) {
    this.api = api;
    this.label = label;
    this.actions = actions;
  }

  /** Ask the server and draw what it says. */
  async load(): Promise<void> {
    try {
      this.draw(await this.api.show(this.label));
    } catch (reason) {
      const { message, hint } = ApiError.from(reason);
      this.node.replaceChildren(
        element('p', { attributes_: { role: 'alert' } }, `${message} ${hint}`.trim())
      );
    }
  }

  private draw({ secret, grants, rotation_page }: Shown): void {
    const actions = this.actions;
    const page = rotation_page && link(rotation_page);
    const permitted = grants.filter(grant => !grant.deny);
    const denied = grants.filter(grant => grant.deny);
    const focused = document.activeElement;
    const held = this.node.contains(focused) ? focused?.className : undefined;
    this.node.replaceChildren(
      element('dl', { className: 'ja-details-facts' }, ...facts(secret)),
      ...secret.exposed.map(exposure => exposureNote(exposure)),
      element(
        'p',
        { className: 'ja-details-rotate' },
        ...(exposures(secret).length > 0 || secret.due
          ? [
              'Make a new one',
              ...(page ? [' at ', page] : [' where it comes from']),
              ', then replace it here.'
            ]
          : page
            ? ['Rotate or revoke it at ', page, '.']
            : [])
      ),
      element('h3', {}, 'May be used'),
      permitted.length === 0
        ? element('p', {}, 'Only where you say so, each time.')
        : grantList(permitted, ''),
      ...(denied.length > 0
        ? [element('h3', {}, 'Denied, without a question'), grantList(denied, 'ja-details-denied')]
        : []),
      element(
        'div',
        { className: 'ja-details-buttons' },
        button('jp-mod-styled ja-details-replace', 'Replace value', () => actions.replace()),
        button('jp-mod-styled ja-details-edit', 'Edit', () => actions.edit()),
        button('jp-mod-styled ja-details-rename', 'Rename', () => actions.rename()),
        button('jp-mod-styled ja-details-copy', 'Copy label', () => actions.copy()),
        button('jp-mod-styled jp-mod-warn ja-details-remove', 'Remove', () => actions.remove())
      )
    );
    if (held !== undefined) {
      // Something about the secret has changed while a person was at one of these.
      const controls = [...this.node.querySelectorAll<HTMLElement>('a, button')];
      controls.find(control => control.className === held)?.focus({ preventScroll: true });
    }
  }
}

function facts(secret: SecretMeta): HTMLElement[] {
  const rows: [string, string][] = [
    ['Kind', kindTitle(secret.kind) || 'not said'],
    ['Note', secret.note || 'none'],
    ['Added', exactly(secret.created)],
    ['Replaced', secret.replaced ? exactly(secret.replaced) : 'never'],
    ['Last used', secret.last_used ? exactly(secret.last_used) : 'never'],
    ['Uses', String(secret.uses)],
    ['Expires', secret.expires ? exactly(secret.expires) : 'never, as far as known'],
    ['Rotate', secret.rotate_every ? `every ${secret.rotate_every} days` : 'no reminder']
  ];
  if (secret.due) {
    rows.push(['Due', dueText(secret.due)]);
  }
  return rows.map(([name, value]) =>
    element('div', {}, element('dt', {}, name), element('dd', {}, value))
  );
}

function exposureNote({ where, notebook, time }: Exposure): HTMLElement {
  if (where === 'run') {
    const place = notebook ? ` in ${notebook}` : '';
    return element('p', {}, `A command printed it${place} on ${exactly(time)}; it was scrubbed.`);
  }
  return element(
    'p',
    { className: 'ja-details-exposed' },
    where === 'run' ? 'Printed by a command, and scrubbed, in ' : 'Seen in ',
    ...(notebook
      ? [element('b', {}, notebook), where === 'run' ? '' : ` (${where})`]
      : [element('b', {}, where === 'run' ? 'its output' : where)]),
    where === 'run'
      ? ` on ${exactly(time)}. Rotate it if that command also writes it into a log.`
      : ` on ${exactly(time)}. Treat it as exposed: rotate it.`
  );
}

function grantList(grants: readonly Grant[], className: string): HTMLElement {
  return element(
    'ul',
    { className: `ja-details-grants ${className}`.trim() },
    ...grants.map(grant => element('li', {}, grantText(grant)))
  );
}

function grantText(grant: Grant): string {
  const what = grant.any_command
    ? 'Any command'
    : grant.pattern
      ? `Commands like ${grant.pattern}`
      : 'One script';
  const by = grant.notebook ? ` in ${grant.notebook}` : ` by ${place(null, grant.who ?? '')}`;
  const where = grant.notebook || grant.who ? by : ' anywhere';
  const folder = grant.cwd ? `, in the folder ${grant.cwd}` : '';
  const uses =
    grant.uses === null ? '' : grant.uses === 1 ? ', once more' : `, ${grant.uses} more times`;
  const until = grant.until ? `, until ${exactly(grant.until)}` : '';
  return `${what}${where}${folder}${uses}${until}`;
}

function link(page: string): HTMLElement {
  return element(
    'a',
    // The vendor learns nothing of where this link stood.
    { href: page, target: '_blank', rel: 'noopener noreferrer' },
    new URL(page).hostname
  );
}
