// One message that was not sent, as what holds its findings.

import type { IInputModel } from '@jupyter/chat';
import type { Api } from '../api.ts';
import type { Holder, Words } from '../blocked/finding.ts';
import { assignedName } from '../blocked/source.ts';
import { saveSecret } from '../save.ts';
import type { Finding } from '../tokens.ts';
import { reference } from './words.ts';

export const IN_A_CHAT: Words = {
  changed: 'The message has changed since it was sent. Send it again to save from here.',
  nowhere: 'Use the Secrets panel instead.',
  allowed: {
    once: 'Noted for the next time: send the message again.',
    value: 'Noted: this value is not stopped any more. Send the message again.',
    rule: 'Noted: this rule is silent in this folder. Send the message again.'
  }
};

/**
 * @param sent - The text that was to be sent, which the findings count in.
 * @param done - Told each label that has taken a value's place, and whether the value stands in what
 *   goes along with the box, a selection, where nothing can be put in its place.
 */
export function messageHolder(
  api: Api,
  model: IInputModel,
  sent: string,
  done: (finding: Finding, label: string, selected: boolean) => void
): Holder {
  const textOf = (finding: Finding) => sent.slice(finding.start, finding.end);
  const replace = (finding: Finding, label: string) => {
    const text = textOf(finding);
    const selected = !model.value.includes(text);
    model.value = model.value.replaceAll(text, () => reference(label));
    done(finding, label, selected);
  };
  const whole = (finding: Finding) => finding.end > finding.start;
  return {
    has: whole,
    suggest: finding => api.suggest(finding.rule, assignedName(sent, finding.start)),
    save: async (finding, label, over, plainHttp) => {
      if (!whole(finding)) {
        return false;
      }
      // Not exposed: it was in the box and nowhere else.
      await saveSecret(api, label, () => textOf(finding), over, { kind: finding.kind }, plainHttp);
      replace(finding, label);
      return true;
    },
    use: async (finding, label) => {
      if (!whole(finding)) {
        return false;
      }
      replace(finding, label);
      return true;
    }
  };
}
