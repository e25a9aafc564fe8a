import { clientDeviations } from './client-deviations.js';
import { deviations } from './deviations.js';
import { differOnPurpose } from './differ.js';

for (const { name, scenario, expected } of [...deviations, ...clientDeviations]) {
  differOnPurpose(name, scenario, expected);
}
