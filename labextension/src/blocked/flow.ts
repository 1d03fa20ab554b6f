// Save as secret: from a finding in a cell to a label in its place.

import type { Api } from '../api.ts';
import { saveSecret } from '../save.ts';
import { BLOCKED_MIME, type BlockedData, type Finding } from '../tokens.ts';
import type { Holder, Words } from './finding.ts';
import { replaceForGood, type SharedCell, type SharedNotebook } from './forget.ts';
import type { Place } from './place.ts';
import type { RanSources } from './ran.ts';
import { markEncoded, type Rewrite, rewriteCell } from './rewrite.ts';
import { assignedName, locate } from './source.ts';

export const IN_A_CELL: Words = {
  changed: 'The cell has changed since it was run. Run it again to save from here.',
  nowhere: 'Saving from here works in a notebook’s cell. Use the Secrets panel instead.',
  allowed: {
    once: 'Noted for the next run: run the cell again. A saved notebook stays masked.',
    value: 'Noted: this value is not stopped any more. Run the cell again.',
    rule: 'Noted: this rule is silent in this folder. Run the cell again.'
  }
};

/** The cell that a box stands below, as what holds the box's findings. */
export function cellHolder(api: Api, place: Place, data: BlockedData, ran: RanSources): Holder {
  return {
    has: finding => textOf(place, finding, ran) !== null,
    suggest: finding => suggestLabel(api, place, finding, ran),
    save: (finding, label, replace, plainHttp) =>
      saveFinding(api, place, data, finding, label, replace, ran, plainHttp),
    use: (finding, label) => useLabel(place, data, finding, label, ran)
  };
}

/** The text of a finding, if it still stands in the cell; null when the cell must be run again. */
export function textOf(place: Place, finding: Finding, ran: RanSources): string | null {
  const then = ran.get(place.cell.model);
  if (then === undefined) {
    return null; // this box came with the file: its offsets are about another text
  }
  const text = then.slice(finding.start, finding.end);
  const now = place.cell.model.sharedModel.getSource();
  return locate(now, text, finding.start) >= 0 ? text : null;
}

/** A label for a finding, from its rule and the variable it was assigned to. */
function suggestLabel(api: Api, place: Place, finding: Finding, ran: RanSources): Promise<string> {
  const source = ran.get(place.cell.model) ?? '';
  return api.suggest(finding.rule, assignedName(source, finding.start));
}

/**
 * Store the text of a finding and put its label in the cell.
 *
 * @param replace - Whether the label may already exist.
 * @param plainHttp - The person has accepted that this page came over plain http.
 * @returns false when the cell no longer holds the text.
 */
async function saveFinding(
  api: Api,
  place: Place,
  data: BlockedData,
  finding: Finding,
  label: string,
  replace: boolean,
  ran: RanSources,
  plainHttp: boolean
): Promise<boolean> {
  const text = textOf(place, finding, ran);
  if (text === null) {
    return false;
  }
  const notebook = place.panel.context.path;
  const about = { kind: finding.kind, exposed: { where: 'cell' as const, notebook } };
  await saveSecret(api, label, () => text, replace, about, plainHttp);
  await forgetText(place, data, finding, label, text, ran);
  return true;
}

/**
 * Put the label of a stored value in its place.
 *
 * @returns false when the cell no longer holds the text.
 */
async function useLabel(
  place: Place,
  data: BlockedData,
  finding: Finding,
  label: string,
  ran: RanSources
): Promise<boolean> {
  const text = textOf(place, finding, ran);
  if (text === null) {
    return false;
  }
  await forgetText(place, data, finding, label, text, ran);
  return true;
}

/** Replace a stored text in the cell, so that nothing of it stays in the document. */
async function forgetText(
  place: Place,
  data: BlockedData,
  finding: Finding,
  label: string,
  text: string,
  ran: RanSources
): Promise<void> {
  const { panel, cell } = place;
  // The cell may have been edited meanwhile, so look again.
  const shared = cell.model.sharedModel as unknown as SharedCell;
  const document = panel.model?.sharedModel as unknown as SharedNotebook;
  const rewrite =
    finding.exact === false
      ? markEncoded(shared.getSource(), text, label)
      : rewriteCell(shared.getSource(), text, label);
  const left = remaining(data.findings, finding, ran.get(cell.model) ?? '', rewrite.source);
  const gone = replaceForGood(document, shared, rewrite.source, text);
  ran.forget(cell.model);
  if (left.length > 0) {
    ran.remember(cell.model);
  }
  showSaved(place, {
    ...(data.block !== undefined && { block: data.block }),
    findings: left,
    saved: [...(data.saved ?? []), { label, text: note(rewrite, !gone, wayToRun(place, label)) }]
  });
  await panel.context.save();
}

/** The other findings, counted into the new source. */
function remaining(findings: Finding[], saved: Finding, then: string, now: string): Finding[] {
  return findings
    .filter(finding => finding !== saved)
    .flatMap(finding => {
      const text = then.slice(finding.start, finding.end);
      const shift = finding.start + now.length - then.length;
      const start = locate(now, text, shift) >= 0 ? locate(now, text, shift) : now.indexOf(text);
      return start >= 0 ? [{ ...finding, start, end: start + text.length }] : [];
    });
}

/** Where a label works in this notebook: kernels that are no IPython have none of our magics. */
function wayToRun({ panel }: Place, label: string): string {
  const language = panel.model?.defaultKernelLanguage ?? '';
  return language === '' || language === 'python'
    ? `a “%%agent_run -s ${label}” cell`
    : `a shell’s command, “jupyter agent run -s ${label} -- COMMAND”`;
}

/** What a person needs to know now. It never says that something works when that is not certain. */
function note(rewrite: Rewrite, elsewhere: boolean, way: string): string {
  const next = rewrite.works
    ? 'The cell now uses it by label: run it again.'
    : `${rewrite.reason} This cell does not work as it stands: use the secret by label in ${way}.`;
  const rest = elsewhere
    ? ' The same text still stands elsewhere in this notebook: look through the other cells and outputs.'
    : '';
  return `${next.trim()}${rest} It stood in a cell, so treat it as exposed: rotate it when you can.`;
}

/** Put one box in place of the cell's outputs, which told of the blocked run. */
function showSaved(place: Place, data: BlockedData): void {
  const { outputs } = place.cell.model;
  const plain = data.saved?.map(({ label, text }) => `Saved as ${label}. ${text}`).join('\n') ?? '';
  outputs.clear();
  outputs.add({
    output_type: 'display_data',
    data: { [BLOCKED_MIME]: data as unknown as string, 'text/plain': plain },
    metadata: {}
  });
}
