// What is permitted and denied without asking, below the list of secrets.

import { Dialog, showDialog } from '@jupyterlab/apputils';
import { button, element, setRows } from '../dom.ts';
import type { Host, Section } from '../secrets/section.ts';
import { ago } from '../secrets/when.ts';
import type { Grant } from '../tokens.ts';
import { commandLine, facts, foldedSection, place } from './rows.ts';

export class GrantsSection implements Section {
  readonly place = 'below';
  readonly node: HTMLElement;
  private readonly host: Host;
  private readonly parts = foldedSection('grants', 'Grants');
  /** Null while nobody knows: a locked vault tells no grants, which is not that there are none. */
  private grants: Grant[] | null = null;

  constructor(host: Host) {
    this.host = host;
    this.node = this.parts.node;
    this.node.hidden = true;
    this.parts.foot.append(
      button('ja-quiet ja-revoke-all', 'Revoke all grants…', () => void this.revokeAll(), {
        title: 'Each use is asked for again; what is denied stays denied'
      })
    );
  }

  async load(): Promise<void> {
    this.grants = await this.host.agent.api.grants();
  }

  clear(): void {
    this.grants = null;
  }

  render(): void {
    const { title, list, foot } = this.parts;
    const now = this.host.agent.api.now();
    const grants = this.grants ?? [];
    const living = grants.filter(one => one.until === null || Date.parse(one.until) > now);
    this.node.hidden = this.grants === null;
    title.textContent = `Grants (${living.length})`;
    setRows(
      list,
      living.length > 0
        ? living.map(one => this.entry(one, now))
        : [
            element(
              'li',
              { className: 'ja-uses-empty' },
              'None: each use of a secret is asked for.'
            )
          ]
    );
    foot.hidden = !living.some(one => !one.deny);
  }

  private entry(one: Grant, now: number): HTMLElement {
    const what = one.any_command ? 'any command' : (one.pattern ?? one.script ?? '');
    const name = `${one.deny ? 'Take the rule back' : 'Revoke'}: ${one.label}, ${what}`;
    return element(
      'li',
      { className: 'ja-uses-entry', dataset: { grant: one.id, deny: String(one.deny) } },
      element(
        'div',
        { className: 'ja-uses-head' },
        element('span', { className: 'ja-secret-label' }, one.label),
        button(
          'ja-quiet ja-revoke',
          one.deny ? 'Take back' : 'Revoke',
          () => void this.host.act(() => this.host.agent.api.removeGrant(one.id)),
          { 'aria-label': name }
        )
      ),
      element(
        'div',
        { className: 'ja-uses-what' },
        one.deny && element('b', { className: 'ja-denied' }, 'denied '),
        one.any_command ? element('b', {}, 'any command') : commandLine(what)
      ),
      facts(
        one.notebook || one.who ? place(one.notebook, one.who ?? '') : 'anywhere',
        one.cwd && `in ${one.cwd}`,
        one.pattern && !one.deny ? 'pattern' : null,
        one.uses !== null && `${one.uses} ${one.uses === 1 ? 'use' : 'uses'} left`,
        one.until ? `ends ${ago(Date.parse(one.until), now)}` : null
      )
    );
  }

  private async revokeAll(): Promise<void> {
    const answer = await showDialog({
      title: 'Revoke all grants?',
      body: 'Each use of a secret is asked for again. What runs now goes on; what is denied stays denied.',
      buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: 'Revoke all' })],
      defaultButton: 0
    });
    if (answer.button.accept) {
      await this.host.act(() => this.host.agent.api.revokeGrants());
    }
  }
}
