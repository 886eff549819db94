import { kstatus } from '../../test/support/kstatus.ts';
import type { Observable } from '../../test/support/kstatus.ts';

/** What kstatus concludes about an object of this generation with this status. */
export function kstatusOf(generation: number, status: Observable['status']) {
  return kstatus({ metadata: { generation }, ...(status && { status }) });
}
