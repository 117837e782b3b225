/** The table of routes: what the server serves and what its OpenAPI document says. */

import { validateAction } from './route/action.ts';
import { approvalRoutes } from './route/approval.ts';
import { capture } from './route/capture.ts';
import { coverageRoutes } from './route/coverage.ts';
import { documentRoute } from './route/document.ts';
import { enforce } from './route/enforce.ts';
import { enforcementRoutes } from './route/enforcement.ts';
import { exportRoute } from './route/export.ts';
import { ingest } from './route/ingest.ts';
import { linkRoutes } from './route/link.ts';
import { mcpRoutes } from './route/mcp.ts';
import { otlpRoutes } from './route/otlp.ts';
import { policyRoutes } from './route/policy.ts';
import { proofRoutes } from './route/proof.ts';
import { rollbackRoutes } from './route/rollback.ts';
import { searchRoutes } from './route/search.ts';
import { sessionRoutes } from './route/session.ts';
import { statusRoutes } from './route/status.ts';
import { tail } from './route/tail.ts';
import { taskRoutes } from './route/task.ts';
import { tokenRoutes } from './route/token.ts';
import { whyRoute } from './route/why.ts';
import type { Route } from './route.ts';

export const ROUTES: readonly Route[] = [
  ingest,
  capture,
  enforce,
  ...otlpRoutes,
  ...searchRoutes,
  ...sessionRoutes,
  ...coverageRoutes,
  whyRoute,
  tail,
  exportRoute,
  ...proofRoutes,
  ...statusRoutes,
  ...taskRoutes,
  validateAction,
  ...approvalRoutes,
  ...linkRoutes,
  ...enforcementRoutes,
  ...policyRoutes,
  ...tokenRoutes,
  ...mcpRoutes(() => ROUTES),
  ...rollbackRoutes,
  documentRoute(() => ROUTES),
];
