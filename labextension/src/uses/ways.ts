// The open ways out: which program may use a secret at which service, and the end of it.

import { button, element, setRows } from '../dom.ts';
import type { Host, Section } from '../secrets/section.ts';
import { ago } from '../secrets/when.ts';
import type { Way } from '../tokens.ts';
import { commandLine, facts, place } from './rows.ts';

export class WaysSection implements Section {
  readonly place = 'above';
  readonly node = element('section', {
    className: 'ja-section ja-ways',
    hidden: true,
    attributes_: { 'aria-label': 'Used by libraries' }
  });
  private readonly host: Host;
  private readonly list = element('ul', { className: 'ja-uses-list' });
  private ways: Way[] = [];

  constructor(host: Host) {
    this.host = host;
    this.node.append(element('h3', {}, 'Used by libraries'), this.list);
  }

  async load(): Promise<void> {
    this.ways = await this.host.agent.api.ways();
  }

  clear(): void {
    this.ways = [];
  }

  render(): void {
    const now = this.host.agent.api.now();
    this.node.hidden = this.ways.length === 0;
    setRows(
      this.list,
      this.ways.map(way => this.entry(way, now))
    );
  }

  private entry(way: Way, now: number): HTMLElement {
    return element(
      'li',
      { className: 'ja-uses-entry', dataset: { way: way.id } },
      element(
        'div',
        { className: 'ja-uses-head' },
        element('span', { className: 'ja-secret-label' }, way.label),
        button('jp-mod-styled ja-stop', 'Close', () => void this.close(way.id), {
          'aria-label': `Close: ${way.label}`
        })
      ),
      commandLine(way.origin),
      facts(
        place(way.notebook, way.actor),
        `opened ${ago(Date.parse(way.opened), now)}`,
        way.requests === 1 ? '1 request' : `${way.requests} requests`
      )
    );
  }

  private close(id: string): Promise<boolean> {
    return this.host.act(() => this.host.agent.api.closeWay(id));
  }
}
