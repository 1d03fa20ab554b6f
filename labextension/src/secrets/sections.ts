// The sections of the Secrets panel, top to bottom.

import { AllowedSection } from './allowed.ts';
import type { MakeSection } from './section.ts';

export const SECTIONS: readonly MakeSection[] = [host => new AllowedSection(host)];
