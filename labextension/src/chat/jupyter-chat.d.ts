// What we use of @jupyter/chat 0.20 and later, which Jupyter AI's chat brings. Not a dependency: most
// people have no chat, and its own dependencies are more than all of ours.

declare module '@jupyter/chat' {
  import type { Token } from '@lumino/coreutils';
  import type { ISignal } from '@lumino/signaling';

  export interface IAttachment {
    type: string;
    /** Its path. */
    value: string;
  }

  export interface IInputModel {
    value: string;
    readonly valueChanged: ISignal<IInputModel, string>;
    readonly currentWord: string | null;
    /** An instance's own function, bound to it when it is made. */
    send: (body: string) => void;
    focus(): void;
    readonly attachments?: readonly IAttachment[];
    removeAttachment?(attachment: IAttachment): void;
    readonly mentions?: readonly { username: string }[];
    getMetadata?(): object;
    readonly chatContext?: { readonly name: string };
  }

  export interface ChatCommand {
    name: string;
    providerId: string;
    /** What the current word becomes. */
    replaceWith?: string;
    description?: string;
    spaceOnAccept?: boolean;
  }

  export interface IChatCommandProvider {
    readonly id: string;
    listCommandCompletions(model: IInputModel): Promise<ChatCommand[]>;
    /** Rejects when the message is not to be sent. */
    onSubmit(model: IInputModel): Promise<void>;
  }

  export interface IChatCommandRegistry {
    addProvider(provider: IChatCommandProvider): void;
  }

  export const IChatCommandRegistry: Token<IChatCommandRegistry>;
}
