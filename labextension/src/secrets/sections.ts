// The sections of the Secrets panel, top to bottom.

import { AgentsSection } from '../uses/agents.ts';
import { AuditSection } from '../uses/audit.ts';
import { GrantsSection } from '../uses/grants.ts';
import { RunningSection } from '../uses/running.ts';
import { WaitingSection } from '../uses/waiting.ts';
import { WaysSection } from '../uses/ways.ts';
import { AllowedSection } from './allowed.ts';
import type { MakeSection } from './section.ts';

export const SECTIONS: readonly MakeSection[] = [
  host => new WaitingSection(host),
  host => new RunningSection(host),
  host => new WaysSection(host),
  host => new GrantsSection(host),
  host => new AgentsSection(host),
  host => new AllowedSection(host),
  host => new AuditSection(host)
];
