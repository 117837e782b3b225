/** Publishes the OpenAPI document of the very routes that are served. */
import { openApi } from '../openapi.ts';
import { NOTHING, type Route, route } from '../route.ts';

/** `routes` is asked when the document is, so that it can hold this route too. */
export function documentRoute(routes: () => readonly Route[]): Route {
  let text: string | undefined;
  return route({
    method: 'GET',
    path: '/openapi.json',
    access: 'open',
    summary: 'This document.',
    faults: [],
    query: NOTHING,
    params: NOTHING,
    answer: { types: ['application/json'] },
    handle: async ({ face }) => {
      text ??= JSON.stringify(openApi(routes(), face.version));
      return { kind: 'bytes', bytes: text, type: 'application/json; charset=utf-8' };
    },
  });
}
