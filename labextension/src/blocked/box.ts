// The box below a cell that was stopped: what was found, that it was not sent, and the safer path.

import type { INotebookTracker } from '@jupyterlab/notebook';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import type { Api } from '../api.ts';
import { button, element } from '../dom.ts';
import { blockedIcon } from '../icons.ts';
import { BLOCKED_MIME, type BlockedData, type Finding } from '../tokens.ts';
import { FindingRow } from './finding.ts';
import { cellHolder, IN_A_CELL, textOf } from './flow.ts';
import { placeOf } from './place.ts';
import type { RanSources } from './ran.ts';

const WEBSITE_KINDS = new Set(['password', 'login-code', 'recovery']);

export class BlockedBox extends Widget implements IRenderMime.IRenderer {
  private readonly api: Api;
  private readonly tracker: INotebookTracker | null;
  private readonly ran: RanSources;
  private readonly openDesktop: () => void;
  private readonly count = element('span', { className: 'ja-blocked-count' });
  private rows: FindingRow[] = [];

  constructor(
    api: Api,
    tracker: INotebookTracker | null,
    ran: RanSources,
    openDesktop: () => void
  ) {
    super();
    this.openDesktop = openDesktop;
    this.api = api;
    this.tracker = tracker;
    this.ran = ran;
    this.addClass('ja-blocked');
    this.node.setAttribute('role', 'group');
    this.node.setAttribute('aria-label', 'Blocked cell');
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const data = readData(model.data[BLOCKED_MIME]);
    const holder = () => {
      const place = placeOf(this.node, this.tracker);
      return place && cellHolder(this.api, place, data, this.ran);
    };
    const around = { api: this.api, words: IN_A_CELL, holder };
    this.rows = data.findings.map(finding => new FindingRow(finding, data, around));
    const website = data.findings.some(
      finding => finding.label === undefined && WEBSITE_KINDS.has(finding.kind)
    );
    this.node.replaceChildren(...data.saved.map(({ label, text }) => savedNote(label, text)));
    if (this.rows.length > 0 || data.saved.length === 0) {
      this.node.append(
        element(
          'div',
          { className: 'ja-blocked-head' },
          blockedIcon.element({ tag: 'span', className: 'ja-icon' }),
          element('b', {}, 'Not sent to the kernel. '),
          this.count
        ),
        element('ul', { className: 'ja-blocked-findings' }, ...this.rows.map(row => row.node))
      );
    }
    if (website) {
      this.node.append(
        element(
          'p',
          { className: 'ja-blocked-desktop' },
          'For signing in to a website: type it on a desktop that no notebook and no agent sees into. ',
          button('jp-mod-styled ja-blocked-open', 'Open the secure desktop', () =>
            this.openDesktop()
          )
        )
      );
    }
    this.mergeEqual();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.mergeEqual();
  }

  /** One row for a value, however often it stands in the cell: saving it once takes care of all. */
  private mergeEqual(): void {
    const place = placeOf(this.node, this.tracker);
    const first = new Map<string, { row: FindingRow; places: number }>();
    for (const row of this.rows) {
      const text = place && textOf(place, row.finding, this.ran);
      const seen = text ? first.get(text) : undefined;
      row.node.hidden = seen !== undefined;
      if (seen) {
        seen.places += 1;
      } else if (text) {
        first.set(text, { row, places: 1 });
      }
    }
    for (const { row, places } of first.values()) {
      row.showPlaces(places);
    }
    const shown = this.rows.filter(row => !row.node.hidden).length;
    this.count.textContent =
      shown === 0
        ? 'It could not be screened for secrets. Split it into smaller cells and run them again.'
        : shown === 1
          ? 'This cell holds a secret.'
          : `This cell holds ${shown} secrets.`;
  }
}

function savedNote(label: string, text: string): HTMLElement {
  return element(
    'div',
    { className: 'ja-blocked-saved', dataset: { label }, attributes_: { role: 'status' } },
    element('b', {}, 'Saved as ', element('code', {}, label), '. '),
    text
  );
}

/** Whatever a notebook's file may hold there, as the box's data. */
function readData(raw: unknown): Required<Omit<BlockedData, 'block'>> & BlockedData {
  const data = (raw ?? {}) as Partial<BlockedData>;
  const isFinding = (finding: Finding) =>
    Number.isInteger(finding?.start) &&
    Number.isInteger(finding?.end) &&
    typeof finding.rule === 'string';
  const isNote = (note: { label: string; text: string }) =>
    typeof note?.label === 'string' && typeof note.text === 'string';
  const findings = Array.isArray(data.findings) ? data.findings : [];
  return {
    ...(typeof data.block === 'string' && { block: data.block }),
    findings: findings
      .map((finding, number) => ({ number, ...finding }))
      .filter(finding => isFinding(finding)),
    saved: Array.isArray(data.saved) ? data.saved.filter(isNote) : []
  };
}
