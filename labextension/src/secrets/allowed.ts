// What a person has said is no secret, below the list of secrets.

import { button, element, setRows } from '../dom.ts';
import type { Allowance } from '../tokens.ts';
import type { Host, Section } from './section.ts';
import { ago } from './when.ts';

const WHAT: Record<Allowance['scope'], (rule: string, folder: string) => string> = {
  once: rule => `once, found by ${rule}`,
  value: rule => `a value, found by ${rule}`,
  rule: (rule, folder) => `${rule} in ${folder}`
};

export class AllowedSection implements Section {
  readonly place = 'below';
  readonly node = element('details', { className: 'ja-section ja-allowed', hidden: true });
  private readonly host: Host;
  private readonly title = element('summary', {});
  private readonly entries = element('ul', {
    className: 'ja-allowed-list',
    attributes_: { 'aria-label': 'Not secrets' }
  });
  private allowances: Allowance[] = [];

  constructor(host: Host) {
    this.host = host;
    this.node.append(this.title, this.entries);
  }

  async load(): Promise<void> {
    this.allowances = await this.host.agent.api.allowances();
  }

  clear(): void {
    this.allowances = [];
  }

  render(): void {
    const now = this.host.agent.api.now();
    this.node.hidden = this.allowances.length === 0;
    this.title.textContent = `Not secrets (${this.allowances.length})`;
    setRows(
      this.entries,
      this.allowances.map(one => this.entry(one, now))
    );
  }

  private entry(one: Allowance, now: number): HTMLElement {
    const { api } = this.host.agent;
    return element(
      'li',
      { className: 'ja-allowed-entry', dataset: { id: one.id, scope: one.scope } },
      element(
        'div',
        { className: 'ja-allowed-what', title: one.folder },
        (WHAT[one.scope] ?? WHAT.value)(one.rule, one.folder)
      ),
      element('div', { className: 'ja-allowed-why' }, one.reason),
      element(
        'div',
        { className: 'ja-secret-facts' },
        element(
          'span',
          { className: 'ja-fact', title: new Date(one.expires).toLocaleString() },
          `ends ${ago(Date.parse(one.expires), now)}`
        ),
        button(
          'ja-quiet ja-allowed-remove',
          'Stop it again',
          () => void this.host.act(() => api.removeAllowance(one.id)),
          { 'aria-label': `Stop it again: ${one.reason}` }
        )
      )
    );
  }
}
