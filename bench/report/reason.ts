/** Why a target was missed or a cost grows: written by people into `bench/reasons.json`. */

export type Reasons = Readonly<
  Record<string, { readonly missed?: string; readonly grows?: string }>
>;

export const UNEXPLAINED = 'not explained yet';
