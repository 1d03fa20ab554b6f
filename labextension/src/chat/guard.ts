// Layers A and A2: a message is screened before it leaves the page.
//
// A: the chat asks each command provider before it sends, and sends nothing when one of them rejects.
// A2: what is sent may be more than that: a selection goes along as a body of its own, and a provider
// behind this one may change the text. So an input's `send` is wrapped when the input is first seen.

import type { ChatCommand, IChatCommandProvider, IInputModel } from '@jupyter/chat';
import { Widget } from '@lumino/widgets';
import { type Api, ApiError } from '../api.ts';
import { FindingRow } from '../blocked/finding.ts';
import { button } from '../dom.ts';
import type { Events } from '../events.ts';
import { type Finding, NAMESPACE, type Refused } from '../tokens.ts';
import { type About, NotSentDialog } from './dialog.ts';
import { IN_A_CHAT, messageHolder } from './message.ts';
import { completions, reference, withoutTheEnter } from './words.ts';

const NOTHING_SENT = 'A chat is saved, and goes to the model. Nothing was stored or sent.';

/** Stops a submission. Whoever catches it logs it, so it says nothing about the message. */
class NotSent extends Error {
  constructor() {
    super('jupyter_agent: this message was not sent.');
    this.name = 'NotSent';
  }
}

export class ChatGuard implements IChatCommandProvider {
  readonly id = `${NAMESPACE}:chat`;
  private readonly api: Api;
  private readonly say: (text: string) => void;
  private readonly wrapped = new WeakSet<IInputModel>();
  /** What was found clean last, and may go without being asked about again. */
  private readonly clean = new WeakMap<IInputModel, string>();
  private labels: Promise<string[]> | null = null;

  /** @param say - Tells the person that something is done. */
  constructor(api: Api, events: Events, say: (text: string) => void) {
    this.api = api;
    this.say = say;
    events.changed.connect((_, what) => {
      if (what === 'secrets' || what === 'vault') {
        this.labels = null;
      }
    });
  }

  async listCommandCompletions(model: IInputModel): Promise<ChatCommand[]> {
    if (!model.currentWord?.includes('{{')) {
      return [];
    }
    this.labels ??= this.api.secrets().then(secrets => secrets.map(secret => secret.label));
    const labels = await this.labels.catch(() => {
      this.labels = null; // asked for again at the next key
      return [];
    });
    return completions(model.currentWord, labels).map(word => ({
      name: word,
      providerId: this.id,
      replaceWith: word,
      description: 'secret, by its label',
      spaceOnAccept: true
    }));
  }

  async onSubmit(model: IInputModel): Promise<void> {
    this.wrap(model);
    if (!(await this.passes(model, model.value))) {
      throw new NotSent();
    }
  }

  private wrap(model: IInputModel): void {
    if (this.wrapped.has(model)) {
      return;
    }
    this.wrapped.add(model);
    const send = model.send;
    model.send = body => {
      const frame = JSON.stringify(frameOf(model, body));
      if (this.clean.get(model) === frame) {
        this.clean.delete(model);
        send(body);
      } else {
        void this.passes(model, body).then(passes => passes && send(body));
      }
    };
  }

  /** Whether a text may be sent; if not, the person has been told. */
  private async passes(model: IInputModel, text: string): Promise<boolean> {
    const frame = frameOf(model, text);
    const before = model.value;
    const { problem, refused } = await this.verdict(model, frame);
    if (model.value !== before) {
      model.value = withoutTheEnter(model.value, before);
    }
    if (problem === null && refused === null) {
      this.clean.set(model, JSON.stringify(frame));
      return true;
    }
    this.clean.delete(model);
    if (refused === null) {
      this.show(model, unscreened(problem ?? ''), []);
    } else {
      this.explain(model, text, refused);
    }
    return false;
  }

  private async verdict(
    model: IInputModel,
    frame: object
  ): Promise<{ problem: string | null; refused: Refused | null }> {
    try {
      return { problem: null, refused: await this.api.screenChat(pathOf(model), frame) };
    } catch (reason) {
      const { message, hint } = ApiError.from(reason);
      return { problem: `${message} ${hint}`, refused: null };
    }
  }

  private explain(model: IInputModel, sent: string, refused: Refused): void {
    const { attachment, block } = refused;
    const findings = refused.findings.map((finding, number) => ({ ...finding, number }));
    const what = attachment ? `the attached file ${attachment}` : 'the message';
    if (findings.length === 0) {
      this.show(
        model,
        unscreened(tooMuch(what, refused.late)),
        this.withAttachment(model, attachment)
      );
      return;
    }
    const left = new Set<Finding>(findings);
    const done = (finding: Finding, label: string, selected: boolean) => {
      left.delete(finding);
      rows.find(row => row.finding === finding)?.node.remove();
      this.say(
        selected
          ? `Stored as ${label}. It stands in the selection: put ${reference(label)} there yourself.`
          : `The message now says ${reference(label)}. Send it when you are ready.`
      );
      if (left.size === 0) {
        dialog.dispose();
      }
    };
    const around = {
      api: this.api,
      words: IN_A_CHAT,
      holder: attachment ? undefined : () => messageHolder(this.api, model, sent, done)
    };
    const data = { findings, ...(block && { block }) };
    const rows = findings.map(finding => new FindingRow(finding, data, around));
    const about = {
      title: attachment
        ? 'Not sent: an attached file holds a secret'
        : 'Not sent: this holds a secret',
      text: attachment
        ? `Whoever answers opens all of ${attachment}, outputs included. Nothing was stored or sent.`
        : NOTHING_SENT,
      rows: rows.map(row => row.node)
    };
    const dialog = this.show(model, about, this.withAttachment(model, attachment));
  }

  private show(
    model: IInputModel,
    about: Omit<About, 'buttons'>,
    buttons: readonly [string, () => void][]
  ): NotSentDialog {
    const made = buttons.map(([text, act]) =>
      button('jp-mod-styled jp-mod-accept ja-remove-attachment', text, () => {
        act();
        dialog.dispose();
      })
    );
    const dialog: NotSentDialog = new NotSentDialog({ ...about, buttons: made }, () =>
      model.focus()
    );
    Widget.attach(dialog, document.body);
    return dialog;
  }

  private withAttachment(model: IInputModel, path: string): [string, () => void][] {
    const attached = (model.attachments ?? []).filter(each => path && each.value === path);
    if (attached.length === 0 || !model.removeAttachment) {
      return [];
    }
    const remove = () => {
      for (const each of attached) {
        model.removeAttachment?.(each);
      }
    };
    return [['Remove the attachment', remove]];
  }
}

/** All that would be sent, as the chat's own client puts it together. */
function frameOf(model: IInputModel, body: string): object {
  return {
    body,
    attachments: model.attachments ?? [],
    mentions: (model.mentions ?? []).map(user => user.username),
    metadata: model.getMetadata?.() ?? {}
  };
}

function pathOf(model: IInputModel): string {
  try {
    return model.chatContext?.name ?? '';
  } catch {
    return ''; // a chat that is not ready has no name yet
  }
}

function tooMuch(what: string, late: boolean): string {
  return late
    ? `Screening ${what} took too long. Make it shorter.`
    : `${what[0]?.toUpperCase()}${what.slice(1)} could not be screened.`;
}

function unscreened(why: string): Omit<About, 'buttons'> {
  return {
    title: 'Not sent: it could not be screened for secrets',
    text: `${why} Nothing was stored or sent.`,
    rows: []
  };
}
