// The box below a cell that was stopped: what was found, that it was not sent, and the safer path.

import type { INotebookTracker } from '@jupyterlab/notebook';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Widget } from '@lumino/widgets';
import type { Api } from '../api.ts';
import { element } from '../dom.ts';
import { blockedIcon } from '../icons.ts';
import { BLOCKED_MIME, type BlockedData, type Finding } from '../tokens.ts';
import { FindingRow } from './finding.ts';
import { placeOf } from './place.ts';
import type { RanSources } from './ran.ts';

export class BlockedBox extends Widget implements IRenderMime.IRenderer {
  private readonly api: Api;
  private readonly tracker: INotebookTracker | null;
  private readonly ran: RanSources;

  constructor(api: Api, tracker: INotebookTracker | null, ran: RanSources) {
    super();
    this.api = api;
    this.tracker = tracker;
    this.ran = ran;
    this.addClass('ja-blocked');
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const data = readData(model.data[BLOCKED_MIME]);
    const rows = data.findings.map(
      finding =>
        new FindingRow(finding, data, {
          api: this.api,
          ran: this.ran,
          place: () => placeOf(this.node, this.tracker)
        })
    );
    const found =
      ['', 'This cell holds a secret.'][rows.length] ?? `This cell holds ${rows.length} secrets.`;
    const unscreened =
      'It could not be screened for secrets. Split it into smaller cells and run them again.';
    this.node.replaceChildren(
      ...(data.saved ?? []).map(({ label, text }) => savedNote(label, text)),
      ...(rows.length > 0 || data.saved?.length === 0
        ? [
            element(
              'div',
              { className: 'ja-blocked-head' },
              blockedIcon.element({ tag: 'span', className: 'ja-icon' }),
              element('b', {}, 'Not sent to the kernel. '),
              found || unscreened
            ),
            ...(rows.length > 0
              ? [element('ul', { className: 'ja-blocked-findings' }, ...rows.map(row => row.node))]
              : [])
          ]
        : [])
    );
    this.node.setAttribute('role', 'group');
    this.node.setAttribute('aria-label', 'Blocked cell');
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
function readData(raw: unknown): BlockedData {
  const data = (raw ?? {}) as Partial<BlockedData>;
  const isFinding = (finding: Finding) =>
    Number.isInteger(finding?.start) &&
    Number.isInteger(finding?.end) &&
    typeof finding.rule === 'string';
  const isNote = (note: { label: string; text: string }) =>
    typeof note?.label === 'string' && typeof note.text === 'string';
  return {
    findings: Array.isArray(data.findings) ? data.findings.filter(isFinding) : [],
    saved: Array.isArray(data.saved) ? data.saved.filter(isNote) : []
  };
}
