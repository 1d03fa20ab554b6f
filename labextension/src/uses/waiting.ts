// The approvals that wait for the person, above the list of secrets.

import { visible, words } from '../approval/visible.ts';
import { button, element, setRows } from '../dom.ts';
import type { Host, Section } from '../secrets/section.ts';
import { countdown } from '../secrets/when.ts';
import type { Approval } from '../tokens.ts';
import { place } from './rows.ts';

export class WaitingSection implements Section {
  readonly place = 'above';
  readonly node = element('section', {
    className: 'ja-section ja-waiting',
    hidden: true,
    attributes_: { 'aria-label': 'Waiting for you' }
  });
  private readonly host: Host;
  private readonly list = element('ul', { className: 'ja-uses-list' });
  private readonly ticker: number;

  constructor(host: Host) {
    this.host = host;
    this.node.append(element('h3', {}, 'Waiting for you'), this.list);
    host.agent.approvals.changed.connect(this.render, this);
    this.ticker = window.setInterval(() => this.tick(), 1000);
  }

  dispose(): void {
    window.clearInterval(this.ticker);
    this.host.agent.approvals.changed.disconnect(this.render, this);
  }

  async load(): Promise<void> {
    // What is open comes with the events.
  }

  clear(): void {
    // A locked vault has ended the runs that asked.
  }

  render(): void {
    // Drawn between the panel's own turns, too: when a question comes, and when it is answered.
    this.host.keepFocus(() => this.draw());
  }

  private draw(): void {
    const waiting = this.host.agent.approvals.list();
    this.node.hidden = waiting.length === 0;
    const rows = [...this.list.querySelectorAll<HTMLElement>('li')];
    const known = new Map(rows.map(row => [row.dataset.approvalId, row]));
    // A question does not change while it waits, but for the time that is left.
    setRows(
      this.list,
      waiting.map(approval => known.get(approval.approval_id) ?? this.entry(approval))
    );
    this.tick();
  }

  private entry(approval: Approval): HTMLElement {
    const { approvals } = this.host.agent;
    const { approval_id: id, labels, change, kind } = approval;
    const names = labels.join(', ') || (change?.label ?? 'no secret');
    return element(
      'li',
      { className: 'ja-uses-entry', dataset: { approvalId: id, expires: approval.expires } },
      element(
        'div',
        { className: 'ja-uses-head' },
        element('span', { className: 'ja-secret-label' }, names),
        button('jp-mod-styled ja-waiting-answer', 'Answer…', () => approvals.bring(id), {
          'aria-label': `Answer: ${names}`
        })
      ),
      kind === 'entry'
        ? element('span', {}, 'Asks you to enter it')
        : kind !== 'change'
          ? wholeCommand(approval.script ?? words(approval.argv ?? []))
          : element('span', {}, `Wants to ${change?.op ?? 'change'} it`),
      approval.agent
        ? element(
            'div',
            { className: 'ja-waiting-why', title: 'What the agent says. Nobody has checked it.' },
            approval.why ? `“${visible(approval.why)}”` : 'It says nothing about why.'
          )
        : null,
      element(
        'div',
        { className: 'ja-secret-facts' },
        element('span', { className: 'ja-fact' }, asking(approval)),
        element(
          'span',
          { className: 'ja-fact' },
          'denied in ',
          element('span', { className: 'ja-waiting-left' })
        )
      )
    );
  }

  private tick(): void {
    const now = this.host.agent.api.now();
    for (const row of this.list.querySelectorAll<HTMLElement>('li')) {
      const left = row.querySelector('.ja-waiting-left');
      if (left) {
        left.textContent = countdown(Date.parse(row.dataset.expires ?? '') - now);
      }
    }
  }
}

/** Who asks: an agent by its name, wherever it runs. */
function asking({ agent, claimed, notebook, role }: Approval): string {
  const where = claimed ? 'a program outside JupyterLab' : place(notebook, role);
  if (!agent) {
    return where;
  }
  return notebook === null
    ? `the agent ${visible(agent)}`
    : `the agent ${visible(agent)} in ${where}`;
}

/** All of it: what is waited for is not to be guessed from its beginning. */
function wholeCommand(text: string): HTMLElement {
  return element(
    'pre',
    { className: 'ja-waiting-command', tabIndex: 0, attributes_: { 'aria-label': 'Command' } },
    visible(text.replace(/\n$/, ''))
  );
}
