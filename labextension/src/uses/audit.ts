// The record of uses: what used which secret, who said so, and whether the record is whole.

import { ApiError } from '../api.ts';
import { button, element, setRows } from '../dom.ts';
import type { Host, Section } from '../secrets/section.ts';
import { ago } from '../secrets/when.ts';
import type { AuditEvent } from '../tokens.ts';
import { commandLine, facts, foldedSection, place } from './rows.ts';

const SAID: Record<string, string> = {
  grant: 'granted',
  once: 'allowed once',
  minutes: 'allowed for 10 minutes',
  always: 'allowed always',
  pattern: 'allowed by pattern',
  required: 'not permitted'
};
const PAGE = 20;
const DAY = 86_400_000;
const PERIODS: [string, number][] = [
  ['any time', 0],
  ['today', DAY],
  ['7 days', 7 * DAY],
  ['30 days', 30 * DAY]
];

export class AuditSection implements Section {
  readonly place = 'below';
  readonly node: HTMLDetailsElement;
  private readonly host: Host;
  private readonly parts = foldedSection('audit', 'Uses');
  private readonly label = element('select', {
    className: 'ja-input',
    attributes_: { 'aria-label': 'Secret' }
  });
  private readonly period = element(
    'select',
    { className: 'ja-input', attributes_: { 'aria-label': 'Time' } },
    ...PERIODS.map(([text, span]) => element('option', { value: String(span) }, text))
  );
  private readonly state = element('div', {
    className: 'ja-audit-state',
    attributes_: { role: 'status' }
  });
  private readonly more: HTMLButtonElement;
  private events: AuditEvent[] = [];
  private earlier: number | null = null;
  private labels: string[] = [];
  private usable = false;

  constructor(host: Host) {
    this.host = host;
    this.node = this.parts.node;
    this.parts.title.textContent = 'Uses';
    this.more = button('ja-quiet ja-audit-more', 'Show earlier ones', () => void this.page());
    this.parts.list.before(
      element(
        'div',
        { className: 'ja-audit-tools' },
        this.label,
        this.period,
        button('jp-mod-styled ja-audit-verify', 'Verify', () => void this.verify(), {
          title: 'Check that no entry was changed, and none is missing'
        })
      ),
      this.state
    );
    this.parts.foot.append(this.more);
    this.node.addEventListener('toggle', () => void this.again());
    this.label.addEventListener('change', () => void this.again());
    this.period.addEventListener('change', () => void this.again());
  }

  async load(): Promise<void> {
    this.usable = true;
    this.labels = (await this.host.agent.api.secrets()).map(secret => secret.label);
    // Only an open list is worth reading the record for; what a person has paged to stays.
    if (this.node.open && this.events.length <= PAGE) {
      await this.read();
    }
  }

  clear(): void {
    this.usable = false;
    this.events = [];
    this.earlier = null;
    this.state.textContent = '';
  }

  render(): void {
    const { list } = this.parts;
    const now = this.host.agent.api.now();
    this.node.hidden = !this.usable;
    this.fillLabels();
    setRows(
      list,
      this.events.length > 0
        ? [...this.events].reverse().map(event => entry(event, now))
        : [element('li', { className: 'ja-uses-empty' }, 'No uses are recorded.')]
    );
    const held = document.activeElement === this.more;
    this.more.hidden = this.earlier === null;
    if (held && this.more.hidden) {
      list.tabIndex = -1; // where the person reads on
      list.focus({ preventScroll: true });
    }
  }

  private fillLabels(): void {
    const chosen = this.label.value;
    const labels = [...new Set([...this.labels, ...(chosen ? [chosen] : [])])];
    setRows(this.label, [
      element('option', { value: '' }, 'every secret'),
      ...labels.map(label => element('option', { value: label }, label))
    ]);
    this.label.value = chosen;
  }

  private async read(before?: number): Promise<void> {
    const span = Number(this.period.value);
    const { api } = this.host.agent;
    const page = await api.audit({
      ...(this.label.value ? { label: this.label.value } : {}),
      ...(span ? { since: new Date(api.now() - span).toISOString() } : {}),
      ...(before ? { before } : {}),
      limit: PAGE
    });
    this.events = before ? [...page.events, ...this.events] : page.events;
    this.earlier = page.earlier;
  }

  private async again(): Promise<void> {
    if (this.node.open && this.usable) {
      await this.told(() => this.read());
    }
  }

  private async page(): Promise<void> {
    await this.told(() => this.read(this.earlier ?? undefined));
  }

  private async verify(): Promise<void> {
    this.state.dataset.ok = '';
    this.state.textContent = 'Checking…';
    await this.told(async () => {
      const { ok, events, broken_at } = await this.host.agent.api.verifyAudit();
      this.state.dataset.ok = String(ok);
      this.state.textContent = ok
        ? `The record is whole: ${events} entries.`
        : `The record is broken at entry ${broken_at} of ${events}.`;
    });
  }

  private async told(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (reason) {
      const error = ApiError.from(reason);
      this.state.dataset.ok = 'false';
      this.state.textContent = `${error.message} ${error.hint}`.trim();
    }
    this.render();
  }
}

function entry(event: AuditEvent, now: number): HTMLElement {
  const hits = Object.entries(event.hits ?? {});
  const denied = ['denied', 'required', 'stopped'].includes(event.decision);
  return element(
    'li',
    { className: 'ja-uses-entry', dataset: { decision: event.decision } },
    element(
      'div',
      { className: 'ja-uses-head' },
      element('span', { className: 'ja-secret-label' }, event.labels.join(', ') || '–'),
      element(
        'span',
        { className: denied ? 'ja-audit-decision ja-denied' : 'ja-audit-decision' },
        SAID[event.decision] ?? event.decision
      )
    ),
    commandLine(event.command),
    facts(
      ago(Date.parse(event.time), now),
      place(event.notebook, event.actor),
      event.exit !== null && `exit ${event.exit}`,
      event.ending && event.ending !== 'exited' ? event.ending : null,
      event.seconds !== null && `${event.seconds.toFixed(1)} s`,
      hits.length > 0 && `scrubbed ${hits.map(([label, count]) => `${label} ${count}×`).join(', ')}`
    )
  );
}
