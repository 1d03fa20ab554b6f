// The agents that a person has let in: what each may do without asking, when it was last here, and its end.

import { Dialog, showDialog } from '@jupyterlab/apputils';
import { button, element, setRows } from '../dom.ts';
import type { Host, Section } from '../secrets/section.ts';
import { ago } from '../secrets/when.ts';
import type { AgentEntry, Grant } from '../tokens.ts';
import { facts, foldedSection } from './rows.ts';

export class AgentsSection implements Section {
  readonly place = 'below';
  readonly node: HTMLElement;
  private readonly host: Host;
  private readonly parts = foldedSection('agents', 'Agents');
  /** Null while nobody knows: a locked vault tells no agents, which is not that there are none. */
  private agents: AgentEntry[] | null = null;
  private grants: Grant[] = [];

  constructor(host: Host) {
    this.host = host;
    this.node = this.parts.node;
    this.node.hidden = true;
    this.parts.list.before(
      element(
        'p',
        { className: 'ja-uses-empty' },
        'Programs such as Claude Code, each with a token of its own. They get labels and dates, never a value; each use is asked for.'
      )
    );
    this.parts.foot.append(
      element(
        'p',
        { className: 'ja-uses-empty' },
        'Let one in, in a terminal:',
        element('code', {}, 'jupyter agent mcp install claude-code'),
        element('code', {}, 'jupyter agent agents add NAME')
      )
    );
  }

  async load(): Promise<void> {
    const { api } = this.host.agent;
    [this.agents, this.grants] = await Promise.all([api.agents(), api.grants()]);
  }

  clear(): void {
    this.agents = null;
    this.grants = [];
  }

  render(): void {
    const { title, list } = this.parts;
    const now = this.host.agent.api.now();
    const agents = this.agents ?? [];
    this.node.hidden = this.agents === null;
    const here = agents.filter(agent => agent.talks).length;
    title.textContent = `Agents (${agents.length}${here > 0 ? `, ${here} connected` : ''})`;
    setRows(
      list,
      agents.map(agent => this.entry(agent, now))
    );
  }

  private entry(agent: AgentEntry, now: number): HTMLElement {
    const { name, created, last_used, talks } = agent;
    return element(
      'li',
      { className: 'ja-uses-entry', dataset: { agent: name, talks: String(talks) } },
      element(
        'div',
        { className: 'ja-uses-head' },
        element('span', { className: 'ja-agent-name' }, name),
        button('ja-quiet ja-forget-agent', 'Forget…', () => void this.forget(agent), {
          'aria-label': `Forget the agent ${name}`
        })
      ),
      element('div', { className: 'ja-agent-may' }, may(this.granted(name, now))),
      facts(
        talks
          ? 'connected now'
          : last_used
            ? `last here ${ago(Date.parse(last_used), now)}`
            : 'never here yet',
        `let in ${ago(Date.parse(created), now)}`
      )
    );
  }

  private granted(name: string, now: number): Grant[] {
    return this.grants.filter(
      ({ who, deny, until }) =>
        who === `agent:${name}` && !deny && (until === null || Date.parse(until) > now)
    );
  }

  private async forget({ name, talks }: AgentEntry): Promise<void> {
    const ends = talks ? 'What it does now is ended. ' : '';
    const answer = await showDialog({
      title: `Forget the agent ${name}?`,
      body: `${ends}Its token is worth nothing then, and what it was granted is taken back.`,
      buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: 'Forget' })],
      defaultButton: 0
    });
    if (answer.button.accept) {
      await this.host.act(() => this.host.agent.api.forgetAgent(name));
    }
  }
}

/** What an agent may do without a question. */
export function may(granted: readonly Grant[]): string {
  if (granted.length === 0) {
    return 'Asks for each use of a secret';
  }
  const labels = [...new Set(granted.map(grant => grant.label))];
  const commands = granted.length === 1 ? 'one command' : `${granted.length} commands`;
  return `Runs ${commands} unasked, with ${labels.join(', ')}; asks for all else`;
}
