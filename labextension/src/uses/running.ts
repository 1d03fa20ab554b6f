// What runs now with a secret, and the end of it.

import { button, element, setRows } from '../dom.ts';
import type { Host, Section } from '../secrets/section.ts';
import { ago } from '../secrets/when.ts';
import type { Run } from '../tokens.ts';
import { commandLine, facts, place } from './rows.ts';

export class RunningSection implements Section {
  readonly place = 'above';
  readonly node = element('section', {
    className: 'ja-section ja-running',
    hidden: true,
    attributes_: { 'aria-label': 'Running' }
  });
  private readonly host: Host;
  private readonly list = element('ul', { className: 'ja-uses-list' });
  private readonly all: HTMLButtonElement;
  private runs: Run[] = [];

  constructor(host: Host) {
    this.host = host;
    this.all = button('jp-mod-styled ja-stop-all', 'Stop all', () => void this.stop(), {
      title: 'End every run and everything it has started'
    });
    this.node.append(
      element('div', { className: 'ja-uses-head' }, element('h3', {}, 'Running'), this.all),
      this.list
    );
  }

  async load(): Promise<void> {
    this.runs = await this.host.agent.api.runs();
  }

  clear(): void {
    this.runs = [];
  }

  render(): void {
    const now = this.host.agent.api.now();
    this.node.hidden = this.runs.length === 0;
    this.all.hidden = this.runs.length < 2;
    setRows(
      this.list,
      this.runs.map(run => this.entry(run, now))
    );
  }

  private entry(run: Run, now: number): HTMLElement {
    return element(
      'li',
      { className: 'ja-uses-entry', dataset: { run: run.run_id } },
      element(
        'div',
        { className: 'ja-uses-head' },
        element('span', { className: 'ja-secret-label' }, run.labels.join(', ') || 'no secret'),
        button('jp-mod-styled ja-stop', 'Stop', () => void this.stop(run.run_id), {
          'aria-label': `Stop: ${run.labels.join(', ')}`
        })
      ),
      commandLine(run.command),
      facts(
        place(run.notebook, run.actor),
        `began ${ago(Date.parse(run.started), now)}`,
        run.background && 'in the background',
        run.processes > 1 && `${run.processes} processes`
      )
    );
  }

  private stop(id?: string): Promise<boolean> {
    return this.host.act(() => this.host.agent.api.stop(id));
  }
}
